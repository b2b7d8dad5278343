import { describe, expect, test } from 'vitest';
import { contractOf } from '#harness/core/contracts/contracts.ts';
import { analysisRun, duringSpans, errsDuring, job } from './argo-metrics.ts';
import {
  BAD_SO_FAR,
  CUT_SHORT,
  DRY_RUNS,
  ERRORS,
  IN_FLIGHT,
  JOBS,
  LIMITS,
  NEVER_GOOD,
  ODD_RESULTS,
} from './argo-tables.ts';

const GIVEN = { began_at_s: 1000, image: 'mettle/shop' };
const rows = [ODD_RESULTS, LIMITS, ERRORS, DRY_RUNS, JOBS, IN_FLIGHT, NEVER_GOOD].flatMap((table) =>
  table(GIVEN),
);

describe('rows of the decision tables', () => {
  test('have names of their own that objects may have, and a contract', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { name, contract } of rows) {
      expect(name).toMatch(/^a\d+-[a-z-]+$/);
      expect(contractOf(contract).controller).toBe('argo-rollouts');
    }
  });
  test('measure `value`, and give every metric that decides by the clock a count or a limit', () => {
    for (const { metrics } of rows) {
      expect(metrics[0]?.name).toBe('value');
      for (const metric of metrics) expect(metric).toHaveProperty('provider');
    }
  });
  test('include those that are cut short', () => {
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining([...CUT_SHORT, ...BAD_SO_FAR]));
  });
});

test('PromQL of a span is 1 from its begin to its end by the clock', () => {
  expect(duringSpans(1000, [[0, 7.5]])).toBe('(vector(time() >= bool 1000) * vector(time() < bool 1007.5))');
  expect(errsDuring(1000, [[0, 7]])).toContain('or vector(1)');
});

const shown = (program: Parameters<typeof job>[1]['program']): string =>
  JSON.stringify(job('value', { image: 'mettle/shop', program }));

test('a Job ends with its code, or not by itself', () => {
  expect(shown({ exits: 1 })).toContain('process.exit(1)');
  expect(shown('sleeps')).not.toContain('process.exit');
});

test('an analysis by itself must not be taken for one of the Rollout', () => {
  expect(() => analysisRun('shop-new', {}, {})).toThrow('would be taken');
});
