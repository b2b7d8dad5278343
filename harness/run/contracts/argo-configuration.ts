import { ACTS } from '#harness/judge/contracts/argo/acts.ts';
import { moment, script, stableNow } from './argo-acts.ts';
import { analysisBy, asked, template } from './argo-metrics.ts';
import {
  analysisStep,
  applyOwn,
  ERROR_RATE,
  FURTHER_TRIGGERS,
  nextWith,
  says,
  subscribedTo,
} from './argo-parts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { together } from './reshape.ts';

/** Name of the template of the step's analysis, which is missing at first. */
const INLINE = 'inline';

/** Waits for three good measurements in a row, however many bad ones come before. */
function inline(...args: readonly object[]): ReturnType<typeof template> {
  const rules = {
    interval: '2s',
    // An analysis within a step must have an end of its own.
    count: 12,
    failureLimit: -1,
    consecutiveSuccessLimit: 3,
    successCondition: 'result[0] == 1',
  };
  return template(INLINE, [asked(INLINE, 'vector(1)', rules)], args);
}

/** What a Rollout makes of the objects that it refers to. */
export const ARGO_CONFIGURATION: readonly ArgoCase[] = [
  {
    name: 'references',
    title:
      'A5, A9, A10, A23: a missing template and a missing argument are called by name; once they are there the release goes through its analyses',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        steps: [
          { weight_pct: 10, pause_s: 10 },
          { weight_pct: 50, pause_s: 5 },
        ],
        interval_s: 3,
        initial_delay_s: 8,
      },
      reshape: together(
        subscribedTo(...FURTHER_TRIGGERS),
        nextWith({ analysis: { startingStep: 1, ...analysisBy(ERROR_RATE) } }),
        analysisStep(2, { templates: [{ templateName: INLINE }] }),
      ),
      extras: script(
        moment(
          ACTS.template_made,
          'making the template, with an argument that nobody gives',
          says(/InvalidSpec.*inline/),
          (act) => applyOwn(act, [inline({ name: 'missing' })]),
        ),
        moment(ACTS.template_mended, 'giving the argument a value', says(/InvalidSpec.*missing/), (act) =>
          applyOwn(act, [inline({ name: 'missing', value: 'given' })]),
        ),
        moment('promoted', 'measuring after the promotion', stableNow('v2', 60)),
      ),
      settles: {
        contracts: ['A5', 'A9', 'A10', 'A23'],
        rules_left_out: { 'chat-calm': 'the analysis is a step of its own; A23 judges every message' },
      },
    },
  },
];
