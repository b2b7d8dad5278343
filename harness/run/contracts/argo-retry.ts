import { ACTS } from '#harness/judge/contracts/argo/acts.ts';
import { abort, moment, retry, scaledDown, script, stableNow } from './argo-acts.ts';
import { analysisBy, asked, template } from './argo-metrics.ts';
import { analysisStep, applyOwn, ERROR_RATE, nextWith, stepAnalysisRuns } from './argo-parts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { together } from './reshape.ts';

/** Where a release is given up and tried again. */
const TRIED_TWICE: Readonly<Record<string, string>> = {
  'chat-calm': 'the first try is given up, and the chat is told so',
  'every-step': 'the first try ends at its first step',
};

/** What an aborted release does when it is tried again. */
export const ARGO_RETRY: readonly ArgoCase[] = [
  {
    name: 'canary',
    title: 'A15: a canary that was aborted within an analysis is analysed anew when it is tried again',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        steps: [
          { weight_pct: 10, pause_s: 8 },
          { weight_pct: 50, pause_s: 5 },
        ],
        interval_s: 3,
        initial_delay_s: 8,
        abort_scale_down_delay_s: 2,
      },
      reshape: together(
        nextWith({ analysis: { startingStep: 1, ...analysisBy(ERROR_RATE) } }),
        analysisStep(2, analysisBy('inline')),
      ),
      extras: {
        prepared: async (act) => {
          const rules = { interval: '2s', count: 3, successCondition: 'result[0] == 1' };
          await applyOwn(act, [template('inline', [asked('inline', 'vector(1)', rules)])]);
        },
        ...script(
          moment('abort', 'aborting within the analysis of a step', stepAnalysisRuns, abort),
          moment(ACTS.retry, 'trying again', scaledDown('v2', 30), retry),
          moment('promoted', 'measuring after the promotion', stableNow('v2', 60)),
        ),
      },
      settles: { contracts: ['A15'], rules_left_out: TRIED_TWICE },
    },
  },
];
