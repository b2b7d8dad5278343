import { moment, promoteFull, pausedAt, rolloutWith, script, ship, stableNow } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';

/** Rules that take one release through one rollout: here several follow one another. */
export const SEVERAL_RELEASES: Readonly<Record<string, string>> = {
  promoted: 'another release than the judged one serves in the end',
  'traffic-share': 'shares of several releases follow one another',
  'every-step': 'the contract judges the steps of each release',
  'judge-saw': 'several releases are measured',
  'chat-calm': 'several releases are told of',
};

/** What becomes of a release that served before. */
export const ARGO_WINDOW: readonly ArgoCase[] = [
  {
    name: 'window',
    title:
      'A16, A21, A33: inside the rollback window a former release skips steps and analysis, outside it goes through all',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        steps: [
          { weight_pct: 20, pause_s: 7 },
          { weight_pct: 60, pause_s: 4 },
        ],
        initial_delay_s: 5,
        interval_s: 3,
        scale_down_delay_s: 3,
      },
      reshape: rolloutWith(() => ({ spec: { rollbackWindow: { revisions: 1 } } })),
      extras: script(
        moment(
          'apply inside',
          'applying v1 again, inside the window',
          stableNow('v2', 60),
          ship('good', 'v1'),
        ),
        moment('ship v3', 'shipping v3', stableNow('v1'), ship('good', 'v3')),
        moment('promote full', 'promoting v3 in full', pausedAt(20), promoteFull),
        moment('apply outside', 'applying v1 again, outside the window', stableNow('v3'), ship('good', 'v1')),
        moment('settle outside', 'waiting for v1 to be stable', stableNow('v1', 60)),
      ),
      settles: { contracts: ['A16', 'A21', 'A33'], rules_left_out: SEVERAL_RELEASES },
    },
  },
];
