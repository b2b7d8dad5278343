import { describe, expect, it } from 'vitest';
import { combine, type Outcome, type RuleVerdict, type Verdict } from '#harness/core/verdict.ts';
import { ACCURACY_CASES, accuracyRuns, argoAccuracy, decisionsOf, WRONG_MAX } from './accuracy.ts';

function ruled(rule: string, outcome: Outcome): RuleVerdict {
  return { rule, outcome, promise: 'p', reason: 'why', limit: 'l', evidence: [] };
}

function verdict(decided: Outcome, other: Outcome = 'pass'): Verdict {
  return combine([ruled('promoted', decided), ruled('label-truth', other)]);
}

const times = (count: number, one: Verdict): readonly Verdict[] => Array.from({ length: count }, () => one);

describe('decisionsOf', () => {
  it('counts wrong decisions and bears them as long as they may be chance', () => {
    const right = times(9, verdict('pass'));
    expect(decisionsOf([...right, verdict('fail')])).toMatchObject({
      wrong: { hits: 1, trials: 10 },
      broken: [],
    });
    expect(decisionsOf([...right, verdict('fail')]).wrong.low).toBeLessThan(WRONG_MAX);
    expect(decisionsOf([...right, ...times(3, verdict('fail'))]).wrong.low).toBeGreaterThan(WRONG_MAX);
  });

  it('names what else did not hold, and repetitions that proved nothing', () => {
    expect(decisionsOf([verdict('pass', 'fail')]).broken).toEqual(['repetition 1: label-truth: fail: why']);
    const { wrong, broken } = decisionsOf([verdict('inconclusive')]);
    expect(wrong.trials).toBe(0);
    expect(broken).toHaveLength(1);
  });
});

describe('accuracyRuns', () => {
  it('reads the environment, and refuses what is no number of repetitions', () => {
    expect(accuracyRuns({})).toBe(3);
    expect(accuracyRuns({ METTLE_ACCURACY_RUNS: '20' })).toBe(20);
    for (const given of ['0', '1.5', 'many', '-1']) {
      expect(() => accuracyRuns({ METTLE_ACCURACY_RUNS: given })).toThrow('METTLE_ACCURACY_RUNS');
    }
  });
});

describe('argoAccuracy', () => {
  it('seeds every release of the run, and compares latencies where the case is about latency', () => {
    const [, slower] = ACCURACY_CASES;
    if (!slower) throw new Error('no case');
    const { reshape } = argoAccuracy(slower, 4711);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
    expect(reshape?.({ ...map, data: { 'release.yaml': 'release: v1\nseed: 1\n' } })['data']).toEqual({
      'release.yaml': 'seed: 4711\nrelease: v1\n',
    });
    const template = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'error-rate' },
      spec: { metrics: [{ name: 'slower', provider: { prometheus: { query: 'x' } } }] },
    };
    const text = JSON.stringify(reshape?.(template));
    expect(text).toContain('http_request_duration_seconds_sum');
    expect(text).toContain(String.raw`role=\"stable\"`);
  });
});
