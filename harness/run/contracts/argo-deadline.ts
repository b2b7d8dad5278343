import { givenUpWith, moment, now, pausedAt, rolloutWith, script, ship, stableNow } from './argo-acts.ts';
import type { RolloutOptions } from '#harness/stack/rollout-options.ts';
import type { ArgoCase } from './case.ts';
import { NEVER_SERVES } from '../rollout-run.ts';

export const DEADLINE_S = 10;

/** A canary whose progress is looked at often. */
export const DEADLINE_ROLLOUT = {
  // Held for longer than the deadline: a pause is no lack of progress.
  steps: [{ weight_pct: 20, pause_s: DEADLINE_S + 4 }],
  initial_delay_s: 5,
  interval_s: 3,
  progress_deadline_s: DEADLINE_S,
  scale_down_delay_s: 3,
  abort_scale_down_delay_s: 1,
} as const satisfies RolloutOptions;

/** Rules of a rollback that mind a release with users, or one alone. */
export const STUCK: Readonly<Record<string, string>> = {
  ...NEVER_SERVES,
  'rolled-back': 'A11 judges what becomes of each release',
  'canary-gone': 'several releases follow one another; A11 judges what becomes of each',
  'chat-told': 'no analysis decides',
  alert: 'there is nothing to alert of',
  'label-truth': 'the pods of the releases are never ready',
};

/** Releases that make no progress. */
export const ARGO_DEADLINE: readonly ArgoCase[] = [
  {
    name: 'progress',
    title:
      'A11, A33: a release that makes no progress is marked, or aborted, when its deadline passes; the next good one is promoted',
    rollout: {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: DEADLINE_ROLLOUT,
      // The first release is only to be marked.
      reshape: rolloutWith((release) => ({ spec: { progressDeadlineAbort: release !== 'v2' } })),
      extras: script(
        moment(
          'ship stuck',
          'shipping v3, which is to be aborted',
          now('marked', ({ phase }) => phase === 'Degraded', 3 * DEADLINE_S),
          ship('never-ready', 'v3'),
        ),
        moment(
          'ship good',
          'shipping v4, which is good',
          givenUpWith('v3', 3 * DEADLINE_S),
          ship('good', 'v4'),
        ),
        moment('hold', 'waiting at the pause', pausedAt(20)),
        moment('promoted', 'waiting for v4 to be stable', stableNow('v4', 60)),
      ),
      settles: {
        contracts: ['A11', 'A33'],
        rules_left_out: STUCK,
      },
    },
  },
];
