import { expect, test } from 'vitest';
import type { GateController } from '#harness/core/migration.ts';
import { after, object, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import {
  FAILS,
  GUARD_JOB,
  kustomization,
  NAMESPACE,
  REFUSED,
  ruleOf,
  shipped,
  STALLED,
  verdict,
  watched,
} from './testing/guard-course.ts';

/** As `newJobName` of metricproviders/job/job.go calls it: the run's id, the metric, and how often it was measured. */
const ARGO_JOB = '3f0c4f0a-4a5e-4c1f-9d7e-0c2f8f2b7d11.shop-guard.1';
const ASSESSED = 'Metric "shop-guard" assessed Failed due to failed (1) > failureLimit (0)';

function analysis(fields: Readonly<Record<string, string>> = {}, name = 'shop-2-0'): Timed {
  return object(after(21), `AnalysisRun/${NAMESPACE}/${name}`, 'modified', {
    phase: 'Failed',
    message: ASSESSED,
    'shop-guard.phase': 'Failed',
    'shop-guard.last_phase': 'Failed',
    'shop-guard.job': ARGO_JOB,
    ...fields,
  });
}

function rollout(message: string, aborted = true): Timed {
  const words = `RolloutAborted: Rollout aborted update to revision 2: ${message}`;
  return object(after(21), `Rollout/${NAMESPACE}/shop`, 'modified', {
    phase: 'Degraded',
    aborted,
    message: words,
  });
}

function event(at_s: number, message: string, count = 1): Timed {
  return {
    at: after(at_s),
    source: 'kubernetes',
    kind: 'event',
    subject: `Canary/${NAMESPACE}/shop`,
    data: { type: 'Warning', reason: 'Synced', message, count, reporter: 'flagger' },
  };
}

/** In Flagger's words of a real run. */
const HALT = `Halt shop.${NAMESPACE} advancement pre-rollout check migration-gate failed`;
const closed = (why: string): string => `${HALT} {"gate":"closed","why":"${why}"}`;
const REFUSES = closed(`the guard ${GUARD_JOB} refuses: values-kept: 5000 values are cut off`);
const LATE = `${HALT} {"gate":"late","why":"the guard ${GUARD_JOB} has not come to a verdict yet"}`;
const ROLLED_BACK = `Rolling back shop.${NAMESPACE} failed checks threshold reached 2`;
const HALTED: readonly Timed[] = [event(20.5, REFUSES), event(21, REFUSES, 2)];

const ARGO_PODS = { pod: `${ARGO_JOB}-x7k2p` };

/** What each controller does whose gate the guard has closed. */
const RIGHT: Readonly<Record<GateController, readonly Timed[]>> = {
  'argo-rollouts': [analysis(), rollout(ASSESSED)],
  flagger: [...HALTED, event(21.5, ROLLED_BACK)],
  flux: [kustomization(STALLED)],
};

function outcome(by: GateController, records: readonly Timed[], spoken: object = {}) {
  const own = by === 'argo-rollouts' ? ARGO_PODS : {};
  const more = [...watched, ...shipped, verdict(20, { ...FAILS, ...own, ...spoken }), REFUSED, ...records];
  return ruleOf({ says: 'fail', by, more });
}

test.each(['argo-rollouts', 'flagger', 'flux'] as const)(
  'by %s: held back for the Job of the guard',
  (by) => {
    expect(outcome(by, RIGHT[by])).toMatchObject({ outcome: 'pass' });
  },
);

test.each<[by: GateController, what: string, records: readonly Timed[], reason: RegExp]>([
  [
    'argo-rollouts',
    'the release itself was found bad',
    [
      analysis(),
      analysis(
        { message: 'Metric "error-rate" assessed Failed due to failed (3) > failureLimit (2)' },
        'shop-2',
      ),
      rollout('Metric "error-rate" assessed Failed due to failed (3) > failureLimit (2)'),
    ],
    /not for the guard's Job: RolloutAborted: .*error-rate/,
  ],
  [
    'argo-rollouts',
    "the migration's own Job failed",
    [
      analysis({
        message: 'Metric "shop-migration" assessed Failed due to failed (1) > failureLimit (0)',
        'shop-migration.last_phase': 'Failed',
        'shop-migration.job': ARGO_JOB.replace('guard', 'migration'),
        'shop-guard.last_phase': 'Successful',
      }),
      rollout('Metric "shop-migration" assessed Failed due to failed (1) > failureLimit (0)'),
    ],
    /held back for Job \S+shop-migration\.1, and the guard's verdict is of pod/,
  ],
  ['argo-rollouts', 'somebody aborted it by hand', [analysis(), rollout('')], /not for the guard's Job/],
  [
    'argo-rollouts',
    'its progress took too long',
    [analysis({ phase: 'Running' }), rollout(ASSESSED)],
    /not for the guard's Job/,
  ],
  [
    'argo-rollouts',
    'the measurement was no Job',
    [analysis({ 'shop-guard.last_phase': 'Error' }), rollout(ASSESSED)],
    /not for/,
  ],
  [
    'argo-rollouts',
    'it was never seen to abort',
    [analysis(), rollout(ASSESSED, false)],
    /not seen to abort/,
  ],
  [
    'flagger',
    'the gate did not know yet',
    [event(20.5, LATE), event(21, LATE, 2), event(21.5, ROLLED_BACK)],
    /0 of 2 failed checks were the gate's; .*has not come to a verdict/,
  ],
  [
    'flagger',
    'one of the failed checks was another',
    [
      event(20.5, REFUSES),
      event(21, `Halt shop.${NAMESPACE} advancement error-rate 50.00 > 1`),
      event(21.5, ROLLED_BACK),
    ],
    /1 of 2 failed checks were the gate's; Halt .* error-rate/,
  ],
  [
    'flagger',
    'the gate could not be asked',
    [
      event(21, `${HALT} Post "http://migration-gate": dial tcp: connection refused`, 2),
      event(21.5, ROLLED_BACK),
    ],
    /connection refused/,
  ],
  [
    'flagger',
    "the migration's own Job failed",
    [event(21, closed('the migration shop-migration-change failed: no'), 2), event(21.5, ROLLED_BACK)],
    /0 of 2/,
  ],
  [
    'flagger',
    'another guard refused',
    [event(21, closed('the guard other refuses: no'), 2), event(21.5, ROLLED_BACK)],
    /Job other, and/,
  ],
  [
    'flagger',
    'its pods were not ready in time',
    [...HALTED, event(21.5, `Rolling back shop.${NAMESPACE} progress deadline exceeded`)],
    /not for the guard's Job: Rolling back .* progress deadline/,
  ],
  [
    'flux',
    'it could not be applied',
    [kustomization('Job/shop dry-run failed', { reason: 'BuildFailed' })],
    /dry-run failed/,
  ],
  [
    'flux',
    'it took too long',
    [kustomization("timeout waiting for: [Job/shop-demo/shop-guard-change status: 'InProgress']")],
    /timeout/,
  ],
  [
    'flux',
    'something else is not healthy',
    [kustomization(STALLED.replace('Job/', 'Deployment/'))],
    /Deployment/,
  ],
  ['flux', 'another Job failed', [kustomization(STALLED.replace(GUARD_JOB, 'other'))], /Job other, and/],
  [
    'flux',
    'another commit was refused',
    [kustomization(STALLED, { attempted: 'main@sha1:fab2069d0664114a33c3506230d571d17031fe83' })],
    /not seen to refuse the commit/,
  ],
])('by %s: %s, which proves nothing about the guard', (by, _what, records, reason) => {
  const found = outcome(by, records);
  expect(found?.outcome).toBe('inconclusive');
  expect(found?.reason).toMatch(reason);
});

test('a verdict of a pod that is not of that Job is none on this release', () => {
  expect(outcome('flux', RIGHT.flux, { pod: 'shop-guard-former-8glsc' })).toMatchObject({
    outcome: 'inconclusive',
    reason: expect.stringContaining('is of pod shop-guard-former-8glsc'),
  });
});

test('a release that was never shipped was held back by nobody', () => {
  const more = [...watched, verdict(20, FAILS), REFUSED];
  expect(ruleOf({ says: 'fail', more })).toMatchObject({
    outcome: 'inconclusive',
    reason: expect.stringContaining('never shipped'),
  });
});
