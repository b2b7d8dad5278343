import { ACTS } from '#harness/judge/contracts/argo/acts.ts';
import { moment, promoteStep, script, stableNow, watched } from './argo-acts.ts';
import { analysisBy, job, NO_IMAGE, template } from './argo-metrics.ts';
import { analysisStep, applyOwn, ERROR_RATE, inconclusive, nextWith } from './argo-parts.ts';
import { beginRows, cutShort, imageOf, jobRuns, untilRowsEnded } from './argo-rows.ts';
import { CUT_SHORT, IN_FLIGHT, JOBS } from './argo-tables.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { together } from './reshape.ts';

/** Name of the template, and of its metric, with which a Job looks at the release. */
const BY_JOB = 'by-job';

/** Jobs as measurements, and what cannot be concluded. */
export const ARGO_JOBS: readonly ArgoCase[] = [
  {
    name: 'inconclusive',
    title:
      'A3, A6, A7: a Job without its image pauses the release and decides nothing; once it is mended and promoted the release goes on',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        steps: [
          { weight_pct: 10, pause_s: 8 },
          { weight_pct: 50, pause_s: 5 },
        ],
        interval_s: 3,
        initial_delay_s: 8,
      },
      reshape: together(
        nextWith({ analysis: { startingStep: 1, ...analysisBy(ERROR_RATE) } }),
        analysisStep(2, analysisBy(BY_JOB)),
      ),
      extras: {
        prepared: async (act) => {
          const absent = job(BY_JOB, { image: NO_IMAGE, program: { exits: 0 }, pull: 'Always' });
          await applyOwn(act, [template(BY_JOB, [absent])]);
        },
        steady: beginRows(JOBS, IN_FLIGHT),
        ...script(
          moment('cut short', 'cutting an analysis short', jobRuns('value'), cutShort(...CUT_SHORT)),
          moment('held', 'measuring while nothing is concluded', inconclusive),
          moment(ACTS.promote, 'mending the Job and promoting', watched(6), async (act) => {
            const present = job(BY_JOB, { image: imageOf(act), program: { exits: 0 } });
            await applyOwn(act, [template(BY_JOB, [present])]);
            await promoteStep(act);
          }),
          moment('promoted', 'measuring after the promotion', stableNow('v2', 60)),
        ),
        settled: untilRowsEnded,
      },
      settles: {
        contracts: ['A3', 'A6', 'A7'],
        rules_left_out: {
          'judge-saw': 'the Job gives no value, on purpose',
          'chat-calm': 'the analysis is a step of its own',
        },
      },
    },
  },
];
