import { describe, expect, test } from 'vitest';
import { abortedAt, act, object, promoted, rollout, timelineOf } from '../../testing/argo-records.ts';
import type { Rule } from '../../rule.ts';
import { a1 } from './a1.ts';
import { a2 } from './a2.ts';
import { a4 } from './a4.ts';
import { a5 } from './a5.ts';
import { a6 } from './a6.ts';
import { a7 } from './a7.ts';
import { a8 } from './a8.ts';

type Timed = ReturnType<typeof object>;

const outcome = (rule: Rule, ...records: readonly (Timed | readonly Timed[])[]): string =>
  rule.judge(timelineOf(...records)).outcome;

const row = (contract: string, phase: string, more: object = {}): Timed =>
  object(20, `AnalysisRun/${contract.toLowerCase()}-row`, {
    contract,
    phase,
    expects: 'Failed',
    receives: '[NaN]',
    'value.last_value': '[NaN]',
    ...more,
  });

const measured = (seconds: number, count: number, last: string, more: object = {}): Timed =>
  object(seconds, 'AnalysisRun/shop-new-2', {
    type: 'Background',
    phase: 'Running',
    'error-rate.count': count,
    'error-rate.error': 0,
    'error-rate.last_phase': last,
    ...more,
  });

const failures = [11, 16, 21].map((seconds, index) => measured(seconds, index + 1, 'Failed'));
const weighted = rollout(1, { weight_pct: 10, step: 1 });

describe('A1', () => {
  test('holds when the third failure aborts in time, whatever another metric does', () => {
    const other = object(3, 'AnalysisRun/shop-new-2', {
      'tried.count': 1,
      'tried.error': 0,
      'tried.last_phase': 'Failed',
    });
    expect(outcome(a1, weighted, other, failures, abortedAt(21.3))).toBe('pass');
  });
  test('is broken by an abort that comes too late, too soon, or not at all', () => {
    expect(outcome(a1, weighted, failures, abortedAt(60))).toBe('fail');
    expect(outcome(a1, weighted, failures.slice(0, 1), abortedAt(12))).toBe('fail');
    expect(outcome(a1, weighted, failures)).toBe('fail');
  });
  test('is not settled where no user met the release', () => {
    expect(outcome(a1, failures, abortedAt(21.3))).toBe('inconclusive');
  });
});

const REASON = 'consecutiveErrors (5) > consecutiveErrorLimit (4)';
const errorAt = (seconds: number, error: number): Timed =>
  object(seconds, 'AnalysisRun/shop-new-2', {
    type: 'Background',
    phase: 'Running',
    'error-rate.count': 0,
    'error-rate.error': error,
    'error-rate.last_phase': 'Error',
    'error-rate.last_message': 'metric result is nil or empty: no data returned',
  });
const errors = [3, 13, 23, 33, 43].map((seconds, index) => errorAt(seconds, index + 1));

describe('A2', () => {
  test('holds when the fifth error aborts and says why once', () => {
    expect(outcome(a2, errors, abortedAt(43.3, `aborted: ${REASON}`))).toBe('pass');
  });
  test('is broken by no abort, an early one, and a message that repeats itself', () => {
    expect(outcome(a2, errors)).toBe('fail');
    expect(outcome(a2, errors.slice(0, 3), abortedAt(23.3, REASON))).toBe('fail');
    expect(outcome(a2, errors, abortedAt(43.3, `${REASON}: ${REASON}`))).toBe('fail');
  });
  test('is broken by a row that counts errors which were not in a row', () => {
    const counted = row('A2', 'Error', { expects: 'Successful' });
    expect(outcome(a2, errors, counted, abortedAt(43.3, REASON))).toBe('fail');
  });
  test('is not settled without an error', () => {
    expect(outcome(a2, failures, abortedAt(43.3, REASON))).toBe('inconclusive');
  });
});

describe('A4', () => {
  test('holds when each row is as written and errors over nothing abort', () => {
    expect(outcome(a4, row('A4', 'Failed'), errors, abortedAt(43.3, REASON))).toBe('pass');
  });
  test('is broken by a row that ends otherwise, and by a Rollout that takes nothing for something', () => {
    expect(outcome(a4, row('A4', 'Successful'), errors, abortedAt(43.3))).toBe('fail');
    expect(outcome(a4, row('A4', 'Failed'), failures, abortedAt(43.3))).toBe('fail');
    expect(outcome(a4, row('A4', 'Failed'), errors)).toBe('fail');
  });
  test('is not settled by a row that received something else', () => {
    expect(outcome(a4, row('A4', 'Failed', { 'value.last_value': '[5]' }), errors, abortedAt(43.3))).toBe(
      'inconclusive',
    );
    expect(outcome(a4, errors, abortedAt(43.3))).toBe('inconclusive');
  });
});

const step = (phase: string, successful: number): Timed =>
  object(15, 'AnalysisRun/shop-new-2-2', { type: 'Step', step: 2, phase, 'inline.successful': successful });

describe('A5', () => {
  test('holds by rows, and by a step that ends with its third success', () => {
    expect(outcome(a5, row('A5', 'Failed'))).toBe('pass');
    expect(outcome(a5, step('Successful', 3))).toBe('pass');
  });
  test('is broken by a row, and by a step that ends early or badly', () => {
    expect(outcome(a5, row('A5', 'Inconclusive'))).toBe('fail');
    expect(outcome(a5, step('Successful', 2))).toBe('fail');
    expect(outcome(a5, step('Failed', 3))).toBe('fail');
  });
  test('is not settled where no limit was tried', () => expect(outcome(a5, weighted)).toBe('inconclusive'));
});

const cut = (last_phase: string): Timed =>
  measured(22, 3, 'Failed', { 'job.last_phase': last_phase, 'job.last_message': 'Metric Terminated' });

describe('A6', () => {
  test('holds when what was in flight is inconclusive', () => {
    expect(outcome(a6, cut('Inconclusive'))).toBe('pass');
    expect(outcome(a6, row('A6', 'Failed'))).toBe('pass');
  });
  test('is broken when it is called good', () => {
    expect(outcome(a6, cut('Successful'))).toBe('fail');
    expect(outcome(a6, row('A6', 'Successful'))).toBe('fail');
  });
  test('is not settled where nothing was cut short', () => {
    expect(outcome(a6, measured(22, 1, 'Failed'))).toBe('inconclusive');
  });
});

const JOB = 'Pod/63ee4b4b-ca31-4e61-9c7a-7280da05feaa.by-job.1-qb5c8';
const byJob = object(6, 'AnalysisRun/shop-new-2', {
  type: 'Background',
  phase: 'Running',
  'by-job.count': 0,
});
const waiting = object(8, JOB, { phase: 'Pending', waiting: 'ErrImagePull' });
const completed = object(20, JOB.replace('qb5c8', 'aaaaa'), { phase: 'Succeeded' });

describe('A7', () => {
  test('holds when a release is not promoted, or only once a Job has completed', () => {
    expect(outcome(a7, byJob, waiting)).toBe('pass');
    expect(outcome(a7, byJob, waiting, completed, promoted(30))).toBe('pass');
  });
  test('is broken by a promotion before any Job has completed, and by a row', () => {
    expect(outcome(a7, byJob, waiting, promoted(15), completed)).toBe('fail');
    expect(outcome(a7, byJob, waiting, row('A7', 'Successful'))).toBe('fail');
  });
  test('is not settled where no Job was without its image', () => {
    expect(outcome(a7, byJob, completed, promoted(30))).toBe('inconclusive');
  });
});

const tried = (phase: string): Timed =>
  measured(5, 0, '', { 'tried.dry_run': true, 'tried.phase': phase, 'tried.last_phase': phase });
const DECIDED = 'Metric "error-rate" assessed Failed';

describe('A8', () => {
  test('holds when the metric that decides aborts, and the one that tries failed before', () => {
    expect(outcome(a8, tried('Failed'), abortedAt(21, DECIDED))).toBe('pass');
    expect(outcome(a8, row('A8', 'Failed'))).toBe('pass');
  });
  test('is broken by an abort for what only tries, by none, and by a row', () => {
    expect(outcome(a8, tried('Failed'), abortedAt(6, 'Metric "tried" assessed Failed'))).toBe('fail');
    expect(outcome(a8, tried('Failed'))).toBe('fail');
    expect(outcome(a8, row('A8', 'Successful'))).toBe('fail');
  });
  test('is not settled where what only tries did not fail', () => {
    expect(outcome(a8, tried('Running'), abortedAt(21, DECIDED))).toBe('inconclusive');
    expect(outcome(a8, act(3, 'anything'))).toBe('inconclusive');
  });
});
