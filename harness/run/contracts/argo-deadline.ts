import {
  edit,
  givenUpWith,
  moment,
  now,
  pausedAt,
  rolloutWith,
  script,
  ship,
  stableNow,
} from './argo-acts.ts';
import type { ArgoCase } from './case.ts';
import { NEVER_SERVES } from '../rollout-run.ts';

const DEADLINE_S = 10;

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
      rollout: {
        // Held for longer than the deadline: a pause is no lack of progress.
        steps: [{ weight_pct: 20, pause_s: DEADLINE_S + 4 }],
        initial_delay_s: 5,
        interval_s: 3,
        progress_deadline_s: DEADLINE_S,
        scale_down_delay_s: 3,
        abort_scale_down_delay_s: 1,
      },
      // The first release is only to be marked.
      reshape: rolloutWith((release) => ({ spec: { progressDeadlineAbort: release !== 'v2' } })),
      extras: script(
        moment(
          'allow abort',
          'asking for an abort after the deadline',
          now('marked', ({ phase }) => phase === 'Degraded', 3 * DEADLINE_S),
          edit({ progressDeadlineAbort: true }),
        ),
        moment(
          'ship stuck',
          'shipping v3, which makes no progress either',
          givenUpWith('v2'),
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
        rules_left_out: {
          ...NEVER_SERVES,
          'rolled-back': 'a good release follows, and serves in the end',
          'chat-told': 'no analysis decides, and two releases are given up',
          alert: 'there is nothing to alert of',
          'label-truth': 'the pods of two releases are never ready',
        },
      },
    },
  },
];
