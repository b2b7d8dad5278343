import {
  abort,
  moment,
  now,
  pausedAt,
  promoteStep,
  retry,
  scaledDown,
  script,
  watched,
} from './argo-acts.ts';
import type { ArgoCase } from './case.ts';

/** Rules of a rollback that mind a bad release: here a person gives a good one up. */
export const PERSON_ABORTS: Readonly<Record<string, string>> = {
  exposure: 'no user meets a bad answer: a person gives a good release up',
  harm: 'no user meets a bad answer: a person gives a good release up',
  'judge-saw': 'no analysis decides',
  'chat-told': 'no analysis fails, so there is no reason to tell',
  alert: 'there is nothing to alert of',
  'canary-gone': 'A13 judges when the pods of each abort go',
};

/** Long enough for a person to decide while the canary is held. */
const HELD_S = 300;

/** What a person's abort leads to, at any step. */
export const ARGO_ABORT: readonly ArgoCase[] = [
  {
    name: 'by-hand',
    title:
      'A12, A13, A21: an abort at any step returns the traffic at once, and the pods stay for the delay that is asked for',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: {
        steps: [
          { weight_pct: 20, pause_s: HELD_S },
          { weight_pct: 50, pause_s: HELD_S },
        ],
        abort_scale_down_delay_s: 6,
      },
      extras: {
        steady: async (act) => {
          await act.run.phase('abort idle', 'aborting while nothing is rolled out', async () => {
            await abort(act);
          });
        },
        ...script(
          moment(
            'abort at start',
            'aborting before the first weight',
            now('started', ({ stable, canary, updated }) => canary !== stable && Number(updated) > 0),
            abort,
          ),
          moment('retry at start', 'trying again', scaledDown('v2', 20), retry),
          moment('at 20', 'measuring at 20 %', pausedAt(20)),
          moment('abort at 20', 'aborting at 20 %', watched(9), abort),
          moment('retry at 20', 'trying again', scaledDown('v2', 20), retry),
          moment('go on', 'going on to 50 %', pausedAt(20), promoteStep),
          moment('at 50', 'measuring at 50 %', pausedAt(50)),
          moment('abort at 50', 'aborting at 50 %', watched(9), abort),
          moment('pods gone', 'waiting for the pods to be scaled down', scaledDown('v2', 20)),
        ),
      },
      settles: { contracts: ['A12', 'A13', 'A21'], rules_left_out: PERSON_ABORTS },
    },
  },
];
