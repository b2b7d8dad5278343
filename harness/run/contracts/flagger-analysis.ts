import type { Reshape } from '#harness/stack/shop.ts';
import { METRICS_PROXY_ADDRESS } from '#harness/stack/metrics-proxy.ts';
import { weightReached } from '../moments.ts';
import { BAD_RELEASE, type FlaggerCase } from './case.ts';
import { failedChecks, phaseThenLoad } from './flagger-until.ts';
import { NEVER_ROLLED_BACK } from './left-out.ts';
import { lie, truth } from './metric-acts.ts';
import { eachOf, setting } from './reshape.ts';

/** A Canary that asks nothing about the release. */
const withoutMetrics: Reshape = eachOf('Canary', (object) =>
  setting(object, ['spec', 'analysis', 'metrics'], () => []),
);

/** What failing checks lead to, and what there is without checks. */
export const FLAGGER_ANALYSIS: readonly FlaggerCase[] = [
  {
    name: 'threshold',
    title:
      'F1, F8, F36: a release whose checks fail is rolled back at the threshold, the chat is told, and the metrics say so',
    rollout: {
      ...BAD_RELEASE,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
      settles: { contracts: ['F1', 'F8', 'F36'] },
    },
  },
  {
    name: 'no-metrics',
    title: 'F6: a release that fails half of its requests is promoted by a Canary without metrics',
    rollout: {
      release: 'errors-50',
      expected: 'promotion',
      bad_answers_pct: 50,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 50, max_weight_pct: 50 },
      load: 'steady-300',
      reshape: withoutMetrics,
      settles: { contracts: ['F6'], rules_left_out: NEVER_ROLLED_BACK },
    },
  },
  {
    name: 'no-answers',
    title:
      'F3, F4, F8: checks without a value fail one by one, the release goes on with values, and a Prometheus out of reach rolls it back',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: {
        interval_s: 10,
        threshold: 5,
        step_weight_pct: 20,
        max_weight_pct: 60,
        metrics_address: METRICS_PROXY_ADDRESS,
      },
      load: 'steady-300',
      extras: {
        during: [
          lie('nan', weightReached(20)),
          lie('empty', failedChecks(1)),
          truth(failedChecks(2)),
          lie('slow', weightReached(40)),
          lie('cut', failedChecks(3)),
          lie('refused', failedChecks(4)),
        ],
        until: phaseThenLoad(['Failed', 'Succeeded'], 12),
      },
      settles: {
        contracts: ['F3', 'F4', 'F8'],
        rules_left_out: {
          'rolled-back': 'its budget has no room for the advance in between',
          exposure: 'the release is good, so it gives no bad answer',
          harm: 'the release is good, so it gives no bad answer',
          'judge-saw': 'the checks are made to see nothing',
          alert: 'users meet nothing bad, so no alert can be pending',
        },
      },
    },
  },
];
