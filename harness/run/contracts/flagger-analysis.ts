import type { Reshape } from '#harness/stack/shop.ts';
import { NEVER_ROLLED_BACK } from './left-out.ts';
import type { FlaggerCase } from './case.ts';
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
];
