import type { FlaggerCase } from './case.ts';

/** What failing checks lead to. */
export const FLAGGER_ANALYSIS: readonly FlaggerCase[] = [
  {
    name: 'threshold',
    title: 'F1: a release whose checks fail is rolled back at the threshold',
    rollout: {
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 },
      load: 'steady-300',
      settles: { contracts: ['F1'] },
    },
  },
];
