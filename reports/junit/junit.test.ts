import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combine, type Outcome } from '#harness/core/verdict.ts';
import { FAIL, INCONCLUSIVE, PASS, SAMPLE_META } from '../testing/sample-verdicts.ts';
import { markupFault } from '../testing/well-formed.ts';
import { renderJunit } from './junit.ts';

describe('renderJunit', () => {
  it('reports a broken rule as a failure with limit and measured value', () => {
    expect(renderJunit(FAIL, SAMPLE_META)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="mettle" tests="4" failures="1" errors="0" skipped="0">
        <testsuite name="rollback/flagger-error-rate" timestamp="2026-01-15T09:59:10" time="141" tests="4" failures="1" errors="0" skipped="0">
          <properties>
            <property name="title" value="A release that fails half of its requests is rolled back before it is promoted"/>
            <property name="run" value="20260115-095910-4f2a"/>
            <property name="outcome" value="fail"/>
            <property name="standing" value="fail"/>
          </properties>
          <testcase classname="rollback/flagger-error-rate" name="rolled-back: the bad release is rolled back and the former one serves everything">
            <properties>
              <property name="limit" value="&lt;= 62.0 s to phase Failed, then v1 alone"/>
              <property name="measured" value="40.2 s, then 1500 of 1500 answers by v1"/>
              <property name="derivation" value="3 x interval until the first weight + (threshold + 1) x interval + 2 s"/>
              <property name="evidence" value="34 92 120 121 122 123 124"/>
            </properties>
          </testcase>
          <testcase classname="rollback/flagger-error-rate" name="traffic-share: the share of users on the new release is the declared weight">
            <properties>
              <property name="limit" value="10 % +- 1.8 pp"/>
              <property name="measured" value="10.0 %"/>
              <property name="derivation" value="4 standard deviations of 8400 answers, and 0.5 pp"/>
              <property name="evidence" value="34 52 91"/>
            </properties>
          </testcase>
          <testcase classname="rollback/flagger-error-rate" name="chat-told-once: the channel is told exactly once, with the reason">
            <properties>
              <property name="limit" value="= 1 message"/>
              <property name="measured" value="1 message"/>
              <property name="evidence" value="93"/>
            </properties>
          </testcase>
          <testcase classname="rollback/flagger-error-rate" name="exposure: users meet the bad release no longer than the specification allows">
            <properties>
              <property name="limit" value="&lt;= 32.0 s"/>
              <property name="measured" value="118.9 s"/>
              <property name="derivation" value="(threshold 2 + 1) x interval 10 s + 2 s"/>
              <property name="evidence" value="53 204"/>
            </properties>
            <failure message="118.9 s from the first to the last bad answer that a client received" type="fail"/>
          </testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  it('reports missing evidence as an error, never as passed', () => {
    const xml = renderJunit(INCONCLUSIVE, SAMPLE_META);
    expect(xml).toContain('tests="4" failures="0" errors="4"');
    expect(xml).toContain('<error message="no load was measured" type="inconclusive"/>');
    expect(xml).toContain('<property name="measured" value="no data"/>');
  });

  it('is red when nothing was judged', () => {
    expect(renderJunit(combine([]), SAMPLE_META)).toContain('tests="1" failures="0" errors="1"');
  });

  it('counts nothing against a run in which every rule held', () => {
    expect(renderJunit(PASS, SAMPLE_META)).toContain('tests="4" failures="0" errors="0"');
  });

  it('is well-formed whatever the texts hold', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const rule = fc.record({
      rule: text,
      promise: text,
      outcome: fc.constantFrom<Outcome>('pass', 'fail', 'inconclusive'),
      reason: text,
      limit: text,
      evidence: fc.array(fc.nat()),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), text, (rules, title) => {
        const xml = renderJunit(combine(rules), { ...SAMPLE_META, title });
        expect(markupFault(xml)).toBeUndefined();
        expect(xml.isWellFormed()).toBe(true);
      }),
    );
  });

  it('skips a contract that is broken as known, with the thread, and what broke along with it', () => {
    const known_break = { contract: 'exposure', thread: 'fluxcd/flagger#1898' };
    const xml = renderJunit({ ...FAIL, known_break }, SAMPLE_META);
    expect(xml).toContain('failures="0" errors="0" skipped="1"');
    expect(xml).toContain('name="known-break" value="fluxcd/flagger#1898"');
    expect(markupFault(xml)).toBeUndefined();
  });

  it('fails a contract that holds although it was known to be broken: somebody must read it', () => {
    const known_break = { contract: 'exposure', thread: 'fluxcd/flagger#1898' };
    const xml = renderJunit({ ...PASS, known_break }, SAMPLE_META);
    expect(xml).toContain('failures="1"');
    expect(xml).toContain('type="news"');
    expect(xml).toContain('fluxcd/flagger#1898 says that it does not');
  });
});
