import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SyntheticRunOptions, syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { combine, type Verdict } from '#harness/core/verdict.ts';
import { judgeRollout } from '#harness/judge/flagger.ts';
import { FAIL, INCONCLUSIVE, PASS, SAMPLE_META } from '../testing/sample-verdicts.ts';
import { markupFault } from '../testing/well-formed.ts';
import { renderHtml } from './page.ts';

/** Upper bound of a page, so that it can be sent by mail. */
const SIZE_MAX = 1.5 * 1024 * 1024;

const ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">&"\'`';

function page(options: SyntheticRunOptions = {}, verdict?: Verdict): string {
  const timeline = new Timeline(syntheticRun(options));
  return renderHtml(timeline, verdict ?? judgeRollout(timeline), SAMPLE_META);
}

/** What a reader sees: text without markup and style. */
function textOf(html: string): string {
  return html
    .replaceAll(/<style>[^<]*<\/style>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

function section(html: string, id: string): string {
  return new RegExp(`<section aria-labelledby="${id}">.*?</section>`, 's').exec(html)?.[0] ?? '';
}

describe('renderHtml', () => {
  it('names every rule with its promise, limit, measured value and outcome', () => {
    const timeline = new Timeline(syntheticRun());
    const verdict = judgeRollout(timeline);
    const rules = section(renderHtml(timeline, verdict, SAMPLE_META), 'rules');
    expect(verdict.rules.length).toBeGreaterThan(8);
    for (const rule of verdict.rules) expect(rules).toContain(`id="rule-${rule.rule}"`);
    expect(rules.match(/<span>Pass<\/span>/g)).toHaveLength(verdict.rules.length);
  });

  it.each([
    ['pass', PASS, 'The promise was kept'],
    ['fail', FAIL, 'exposure: 118.9 s from the first to the last bad answer that a client received.'],
    ['inconclusive', INCONCLUSIVE, 'This is not a pass.'],
  ] as const)('says the verdict %s in words, not by colour alone', (outcome, verdict, words) => {
    const head = /<header>.*<\/header>/s.exec(page({}, verdict))?.[0] ?? '';
    expect(head).toContain(`verdict ${outcome}`);
    expect(textOf(head)).toContain(words);
    expect(textOf(head).toLowerCase()).toContain(outcome);
  });

  it('shows the split of the time to roll back and the harm in requests', () => {
    const text = textOf(page());
    for (const step of [
      'Seen by the controller',
      'Canary ready',
      'First failing check',
      'Traffic withdrawn',
    ]) {
      expect(text).toContain(step);
    }
    expect(text).toMatch(/Bad answers of v2 \d+ of \d+ that v2 gave/);
    expect(text).toMatch(/Time to roll back 40\.\d s/);
    expect(text).toContain('./scripts/mettle run rollback/flagger-error-rate --seed 1');
  });

  it('says "never" for a release that stayed, and a lower bound for its exposure', () => {
    const figures = textOf(section(page({ outcome: 'never-rolled-back' }), 'harm'));
    expect(figures).toContain('Time to roll back never');
    expect(figures).toMatch(/exposed for \u2265 2 min/);
  });

  it('does not claim a withdrawal that the load did not live to see', () => {
    const figures = textOf(section(page({ load: 'killed' }), 'harm'));
    expect(figures).toContain('Time to roll back no data the load ended first');
  });

  it('shows missing evidence as no data, never as zero', () => {
    const figures = textOf(section(page({ load: 'absent', prometheus: false }), 'harm'));
    expect(figures.match(/no data/g)).toHaveLength(5);
    expect(figures.replaceAll('v2', '')).not.toMatch(/\d/);
    const picture = section(page({ load: 'absent' }), 'picture');
    expect(picture.match(/>no data</g)).toHaveLength(2 * 3);
  });

  it('escapes text from the cluster and the chat, in tables and in charts', () => {
    const records = syntheticRun().map((record): TimelineRecord => {
      if (record.source === 'chat')
        return { ...record, data: { ...record.data, text: ATTACK, sender: ATTACK } };
      if (record.kind === 'phase') return { ...record, subject: ATTACK };
      if (record.kind === 'spec') return { ...record, data: { ...record.data, next_release: ATTACK } };
      if (record.kind === 'shipped') return { ...record, data: { ...record.data, release: ATTACK } };
      return record;
    });
    const rule = {
      ...(PASS.rules[0] ?? never()),
      promise: ATTACK,
      reason: ATTACK,
      limit: ATTACK,
      measured: ATTACK,
    };
    const html = renderHtml(new Timeline(records), combine([rule]), { ...SAMPLE_META, title: ATTACK });
    expect(html).not.toContain('<script');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;script>alert(1)');
    expect(markupFault(html)).toBeUndefined();
  });

  it('asks for nothing from a network and runs no script', () => {
    const html = page();
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script|@import|url\((?!#)|\son\w+=/i);
    expect([...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, value]) => value)).toEqual(['data:,']);
  });

  it('draws charts that are well-formed, named and without clashing ids', () => {
    const html = page();
    const charts = html.match(/<svg role="img".*?<\/svg>/gs) ?? [];
    expect(charts).toHaveLength(2);
    for (const chart of charts) {
      expect(markupFault(chart)).toBeUndefined();
      expect(chart).toMatch(/<title id="\w+-title">[^<]+<\/title><desc id="\w+-desc">[^<]+<\/desc>/);
    }
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(html.match(/<table/g)?.length).toBe(html.match(/<caption/g)?.length);
  });

  it.each<SyntheticRunOptions>([
    { rate_per_s: 3_000 },
    { outcome: 'promotion' },
    { outcome: 'never-rolled-back', exposure_s: 600 },
  ])('stays small enough for a mail: %o', (options) => {
    const html = page(options);
    expect(html.length).toBeLessThan(SIZE_MAX);
    expect(markupFault(html)).toBeUndefined();
  });

  it('renders the same run to the same page', () => {
    expect(page({ rate_per_s: 60 }) === page({ rate_per_s: 60 })).toBe(true);
  });

  it('does not depend on the order of the records', () => {
    const records = syntheticRun({ rate_per_s: 60 });
    const [there, back] = [records, records.toReversed()].map((some) =>
      renderHtml(new Timeline(some), PASS, SAMPLE_META),
    );
    expect(there === back).toBe(true);
  });

  it('renders whatever part of a run is there', { timeout: 60_000 }, () => {
    const records = syntheticRun({ rate_per_s: 40, lost_requests: 3, alert: 'firing' });
    const kinds = [...new Set(records.map((record) => `${record.source}/${record.kind}`))];
    const part = fc.oneof(
      fc.subarray(records),
      fc
        .subarray(kinds)
        .map((kept) => records.filter((record) => kept.includes(`${record.source}/${record.kind}`))),
    );
    fc.assert(
      fc.property(part, fc.constantFrom(PASS, FAIL, INCONCLUSIVE), (some, verdict) => {
        const html = renderHtml(new Timeline(some), verdict, SAMPLE_META);
        expect(markupFault(html)).toBeUndefined();
        expect(textOf(html)).not.toMatch(/NaN|undefined|Infinity|\[object/);
      }),
      { numRuns: 60 },
    );
  });
});

function never(): never {
  throw new Error('the sample verdict has no rule');
}
