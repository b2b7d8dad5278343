import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combine, type Outcome } from '#harness/core/verdict.ts';
import { FAIL, INCONCLUSIVE, PASS } from '../testing/sample-verdicts.ts';
import { renderTable, WIDTH } from './table.ts';

describe('renderTable', () => {
  it('shows a verdict in which every rule held', () => {
    expect(
      renderTable(PASS, { report: 'reports/out/rollback/flagger-error-rate/latest/report.html' }),
    ).toMatchInlineSnapshot(`
      "               rule                limit                           measured
      ✓ pass         rolled-back         <= 62.0 s to phase Failed,      40.2 s, then 1500 of 1500 answers
                                         then v1 alone                   by v1
      ✓ pass         exposure            <= 32.0 s                       30.0 s
      ✓ pass         traffic-share       10 % +- 1.8 pp                  10.0 %
      ✓ pass         chat-told-once      = 1 message                     1 message

      report:  reports/out/rollback/flagger-error-rate/latest/report.html
      verdict: pass — all 4 rules held
      "
    `);
  });

  it('puts what failed first, with its reason', () => {
    expect(renderTable(FAIL)).toMatchInlineSnapshot(`
      "               rule                limit                           measured
      ✗ fail         exposure            <= 32.0 s                       118.9 s
                       118.9 s from the first to the last bad answer that a client received
      ✓ pass         rolled-back         <= 62.0 s to phase Failed,      40.2 s, then 1500 of 1500 answers
                                         then v1 alone                   by v1
      ✓ pass         traffic-share       10 % +- 1.8 pp                  10.0 %
      ✓ pass         chat-told-once      = 1 message                     1 message

      verdict: fail — exposure: 118.9 s from the first to the last bad answer that a client received
      "
    `);
  });

  it('says which evidence is missing', () => {
    expect(renderTable(INCONCLUSIVE)).toMatchInlineSnapshot(`
      "               rule                limit                           measured
      ? inconclusive rolled-back         evidence present                no data
                       no load was measured
      ? inconclusive exposure            evidence present                no data
                       no load was measured
      ? inconclusive traffic-share       evidence present                no data
                       no load was measured
      ? inconclusive chat-told-once      evidence present                no data
                       no load was measured

      verdict: inconclusive — rolled-back: no load was measured (and 3 more)
      "
    `);
  });

  it('says so when nothing was judged', () => {
    expect(renderTable(combine([]))).toMatch(
      /\nverdict: inconclusive \u2014 no rule was applied: nothing was judged\n$/,
    );
  });

  it('shows the same text in colour', () => {
    const coloured = renderTable(FAIL, { colour: true });
    expect(coloured).toContain('\u001b[31m');
    expect(stripVTControlCharacters(coloured)).toBe(renderTable(FAIL));
  });

  it('fits its width on any text, and lets no text move the cursor', () => {
    const outcome = fc.constantFrom<Outcome>('pass', 'fail', 'inconclusive');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300, size: 'max' }),
      fc.lorem({ maxCount: 60 }),
    );
    const rule = fc.record({
      rule: text,
      promise: text,
      outcome,
      reason: text,
      limit: text,
      measured: text,
      evidence: fc.constant([]),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (rules) => {
        const lines = renderTable(combine(rules)).split('\n');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(WIDTH);
        expect(lines.join('')).not.toMatch(/\p{Cc}/u);
        expect(lines.at(-2)).toMatch(/^verdict: (pass|fail|inconclusive) \u2014 /);
      }),
    );
  });

  it('reports a break that was known as one, and as news what was known to be broken and holds', () => {
    const known_break = { contract: 'exposure', thread: 'fluxcd/flagger#1898' };
    const broken = renderTable({ ...FAIL, known_break });
    expect(broken).toContain('! known break  exposure');
    expect(broken).toContain(
      'verdict: known break \u2014 contract exposure is broken, as fluxcd/flagger#1898 says',
    );
    const kept = renderTable({ ...PASS, known_break });
    expect(kept).toContain('! news         exposure');
    expect(kept).toContain('verdict: news \u2014 contract exposure holds, although fluxcd/flagger#1898');
    const other = PASS.rules.map((one) =>
      one.rule === 'exposure' ? one : { ...one, outcome: 'fail' as const, reason: 'it did not hold' },
    );
    expect(renderTable({ ...combine(other), known_break })).toContain('verdict: fail \u2014 ');
  });

  it('says by whose contracts a rule was judged, also where it held', () => {
    const rules = PASS.rules.map((rule) => ({ ...rule, remark: 'judged by the contracts of 1.44.0' }));
    expect(renderTable(combine(rules))).toContain('judged by the contracts of 1.44.0');
  });
});
