import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeBy } from './judge-by.ts';
import { machineSelfCheck } from './machine-self-check.ts';
import type { Rule } from './rule.ts';

const START = 1_700_000_000_000;
const LOAD = { source: 'load', subject: 'run' } as const;

/** A load of which each second says how much of the machine was idle; it began and ended at whole seconds. */
function timelineOf(
  idle_s: readonly (number | undefined)[],
  more: readonly TimelineRecord[] = [],
  ended_at = START + idle_s.length * 1000,
): Timeline {
  return new Timeline([
    {
      ...LOAD,
      kind: 'started',
      seq: 1,
      at: START,
      data: { profile: 'steady-300', rate_per_s: 300, duration_s: 900, url: 'http://127.0.0.1:8080' },
    },
    ...idle_s.map(
      (machine_idle_s, index): TimelineRecord => ({
        ...LOAD,
        kind: 'second',
        seq: index + 2,
        at: START + (index + 1) * 1000,
        data: {
          from: START + index * 1000,
          series: [],
          iterations: 300,
          dropped_iterations: 0,
          vus: 9,
          lag_max_ms: 1,
          cpu_s: 0.2,
          ...(machine_idle_s === undefined ? {} : { machine_idle_s }),
        },
      }),
    ),
    ...more,
    {
      ...LOAD,
      kind: 'ended',
      seq: 9999,
      at: ended_at,
      data: { exit_code: 105, signal: null, asked: true },
    },
  ]);
}

const spare = (seconds: number): number[] => Array.from({ length: seconds }, () => 0.9);
const full = (seconds: number): number[] => Array.from({ length: seconds }, () => 0.04);

const outcomeOf = (...parts: readonly (readonly (number | undefined)[])[]): RuleVerdict['outcome'] =>
  machineSelfCheck(timelineOf(parts.flat())).outcome;

describe('machineSelfCheck', () => {
  it('passes a machine that had time to spare', () => {
    const verdict = machineSelfCheck(timelineOf(spare(40)));
    expect(verdict.outcome).toBe('pass');
    expect(verdict.measured).toBe('no processor time to spare in 0 of 40 s, up to 0 within 20 s');
  });

  it('passes what a rollout itself may take', () => {
    expect(outcomeOf(spare(10), full(10), spare(10), full(10), spare(5))).toBe('pass');
  });

  it('concludes nothing of a machine that was full for longer, and names the seconds', () => {
    const verdict = machineSelfCheck(timelineOf([...spare(10), ...full(11), ...spare(10)]));
    expect(verdict.outcome).toBe('inconclusive');
    expect(verdict.reason).toContain('in 11 of 31 s, up to 11 within 20 s');
    expect(verdict.evidence).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  });

  it('sees one that was full again and again', () => {
    expect(outcomeOf(spare(10), full(4), spare(3), full(4), spare(3), full(3), spare(10))).toBe(
      'inconclusive',
    );
  });

  it('counts twenty seconds, not twenty-one', () => {
    expect(outcomeOf(full(1), spare(9), full(10), spare(9))).toBe('inconclusive');
    expect(outcomeOf(full(1), spare(10), full(10), spare(9))).toBe('pass');
  });

  it('leaves out the second in which the load ended, of which only a part was measured', () => {
    const idle_s = [...spare(10), ...full(11)];
    expect(machineSelfCheck(timelineOf(idle_s)).outcome).toBe('inconclusive');
    expect(machineSelfCheck(timelineOf(idle_s, [], START + 20_500)).outcome).toBe('pass');
  });

  it('leaves out a rebuild, which takes all that it can get', () => {
    const destroyed: TimelineRecord = {
      source: 'recovery',
      kind: 'destroyed',
      subject: 'cluster',
      seq: 900,
      at: START + 12_000,
      data: { what: 'cluster', how: 'its nodes were deleted' },
    };
    expect(machineSelfCheck(timelineOf([...spare(12), ...full(30)], [destroyed])).outcome).toBe('pass');
    expect(machineSelfCheck(timelineOf([...full(12), ...full(30)], [destroyed])).outcome).toBe(
      'inconclusive',
    );
  });

  it('says of a run from before it was measured that it does not know', () => {
    const verdict = machineSelfCheck(timelineOf(Array.from({ length: 20 }, () => undefined)));
    expect(verdict.outcome).toBe('pass');
    expect(verdict.reason).toBe('It was not measured how busy the machine was.');
  });

  it('is never a failure, and less idle time never makes it pass', () => {
    const seconds = fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 15, maxLength: 60 });
    fc.assert(
      fc.property(seconds, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (idle_s, at, share) => {
        const outcome = outcomeOf(idle_s);
        expect(outcome).not.toBe('fail');
        const less = idle_s.with(at % idle_s.length, (idle_s[at % idle_s.length] ?? 0) * share);
        expect(['inconclusive', outcome]).toContain(outcomeOf(less));
      }),
    );
  });
});

/** A rule that always comes to the same. */
const saying = (outcome: RuleVerdict['outcome']): Rule => ({
  id: `says-${outcome}`,
  judge: () => ({
    rule: `says-${outcome}`,
    promise: 'p',
    outcome,
    reason: 'it said so',
    limit: 'l',
    evidence: [],
  }),
});

describe('a judgement on a machine without time to spare', () => {
  const starved = timelineOf([...spare(5), ...full(20)]);

  it('keeps a broken promise as a finding and proves nothing by it', () => {
    const { outcome, rules } = judgeBy([saying('fail'), saying('pass')], starved, []);
    expect(outcome).toBe('inconclusive');
    expect(rules.map((one) => `${one.rule} ${one.outcome}`)).toEqual([
      'says-fail inconclusive',
      'says-pass pass',
      'machine-self-check inconclusive',
    ]);
    expect(rules[0]?.reason).toBe('it said so (no proof, because machine-self-check does not hold)');
    expect(rules.some((one) => one.starved)).toBe(false);
  });

  it('blames the stack where there was time to spare', () => {
    const { outcome, rules } = judgeBy([saying('fail')], timelineOf(spare(25)), []);
    expect(outcome).toBe('fail');
    expect(rules.map((one) => `${one.rule} ${one.outcome}`)).toEqual([
      'says-fail fail',
      'machine-self-check pass',
    ]);
  });

  it('is not asked where every promise is kept', () => {
    const { outcome, rules } = judgeBy([saying('pass')], starved, []);
    expect(outcome).toBe('pass');
    expect(rules).toHaveLength(1);
  });
});
