import type { Reshape } from '#harness/stack/shop.ts';
import { METRICS_PROXY_ADDRESS } from '#harness/stack/metrics-proxy.ts';
import { weightReached } from '../moments.ts';
import type { FlaggerCase } from './case.ts';
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
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
      load: 'steady-300',
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
    name: 'no-values',
    title:
      'F3: checks that answer NaN or nothing fail one by one, and the release goes on once they have values',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: {
        interval_s: 10,
        threshold: 3,
        step_weight_pct: 20,
        max_weight_pct: 40,
        metrics_address: METRICS_PROXY_ADDRESS,
      },
      load: 'steady-300',
      extras: {
        during: [lie('nan', weightReached(20)), lie('empty', failedChecks(1)), truth(failedChecks(2))],
        until: phaseThenLoad(['Succeeded', 'Failed'], 8),
      },
      settles: {
        contracts: ['F3'],
        rules_left_out: {
          promoted: 'its budget has no room for the checks that were made to fail',
          'judge-saw': 'the checks are made to see nothing',
        },
      },
    },
  },
  {
    name: 'unreachable',
    title:
      'F4: a good release whose Prometheus answers late, not at all or with an error is rolled back at the threshold',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: {
        interval_s: 10,
        threshold: 3,
        step_weight_pct: 20,
        max_weight_pct: 40,
        metrics_address: METRICS_PROXY_ADDRESS,
      },
      load: 'steady-300',
      extras: {
        during: [
          lie('slow', weightReached(20)),
          lie('cut', failedChecks(1)),
          lie('refused', failedChecks(2)),
        ],
      },
      settles: {
        contracts: ['F4', 'F8'],
        rules_left_out: {
          exposure: 'the release is good, so it gives no bad answer',
          harm: 'the release is good, so it gives no bad answer',
          'judge-saw': 'the checks are made to see nothing',
          alert: 'users meet nothing bad, so no alert can be pending',
        },
      },
    },
  },
];
