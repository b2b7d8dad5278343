import { ACTS } from '#harness/judge/contracts/argo/acts.ts';
import { givenUp, moment, promoteStep, retry, scaledDown, script, watched } from './argo-acts.ts';
import { analysisBy, asked, job, NO_IMAGE, template } from './argo-metrics.ts';
import { applyOwn, inconclusive, nextWith } from './argo-parts.ts';
import { beginRows, cutShort, jobRuns, type Rows, untilRowsEnded } from './argo-rows.ts';
import { BAD_SO_FAR, CUT_SHORT, IN_FLIGHT, NEVER_GOOD } from './argo-tables.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';
import { NEVER_SERVES } from '../rollout-run.ts';
import type { When } from '../rollout-extras.ts';

/** A case that must fail on the version at hand, with the thread that says so. */
export interface BrokenCase extends ArgoCase {
  readonly contract: string;
  readonly thread: string;
}

function broken(contract: string, number: number, one: ArgoCase): BrokenCase {
  const thread = `argoproj/argo-rollouts#${number}`;
  const { settles, ...rollout } = one.rollout;
  return {
    ...one,
    contract,
    thread,
    rollout: {
      ...rollout,
      settles: { ...settles, contracts: [contract], known_break: { contract, thread } },
    },
  };
}

/** Weights that are gone through as fast as pods start. */
const QUICK = {
  steps: [
    { weight_pct: 10, pause_s: 4 },
    { weight_pct: 50, pause_s: 4 },
  ],
  interval_s: 3,
  initial_delay_s: 8,
} as const;

/** Name of the template that a blue/green release is looked at with before it is switched to. */
const FIT = 'fit';

/** A preview of two pods is fit; one of ninety-nine never is. */
function fit(pods: number): ReturnType<typeof template> {
  const query = 'sum(up{namespace="{{args.namespace}}", role="canary"})';
  const rules = {
    initialDelay: '6s',
    interval: '2s',
    count: 2,
    successCondition: `len(result) > 0 && result[0] == ${pods}`,
  };
  return template(FIT, [asked(FIT, query, rules)], [{ name: 'namespace' }]);
}

/** A switch that is quick, and whose replaced pods go soon. */
const BLUE_GREEN = {
  strategy: 'blue-green',
  interval_s: 3,
  initial_delay_s: 6,
  measurements: 2,
  auto_promotion_s: 2,
  abort_scale_down_delay_s: 2,
} as const;

const BY_JOB = 'by-job';

/** A good release that a Job should look at whose image is not there. */
function withoutImage(name: string, title: string, pull: 'Always' | 'Never'): ArgoCase {
  return {
    name,
    title,
    rollout: {
      release: 'good',
      expected: 'hold',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: QUICK,
      reshape: nextWith({ analysis: { startingStep: 1, ...analysisBy(BY_JOB) } }),
      extras: {
        prepared: (act) =>
          applyOwn(act, [template(BY_JOB, [job(BY_JOB, { image: NO_IMAGE, program: { exits: 0 }, pull })])]),
        ...script(moment('watched', 'watching the release being held back', watched(26))),
      },
    },
  };
}

/** A good release under whose load analyses of their own are cut short. */
function whatIsCutShort(
  name: string,
  title: string,
  rows: Rows,
  when: When,
  names: readonly string[],
): ArgoCase {
  return {
    name,
    title,
    rollout: {
      ...GOOD_RELEASE,
      rollout: QUICK,
      extras: {
        steady: beginRows(rows),
        during: [moment('cut short', 'cutting analyses short', when, cutShort(...names))],
        settled: untilRowsEnded,
      },
      settles: {
        contracts: [],
        rules_left_out: { 'judge-saw': 'its weights are too short for measurements' },
      },
    },
  };
}

/** Every row that is to be cut short has a measurement that was not good. */
const measuredBad: When = ({ namespace }) => ({
  awaited: 'a measurement of each analysis that was not good',
  deadline_s: 20,
  holds: (timeline) =>
    BAD_SO_FAR.every((name) =>
      timeline
        .of('kubernetes', 'object')
        .some(
          ({ subject, data }) =>
            subject === `AnalysisRun/${namespace}/${name}` && data.fields['value.last_phase'] !== undefined,
        ),
    ),
});

/** What Argo Rollouts 1.10.0 does not keep. */
export const ARGO_KNOWN_BREAKS_ANALYSIS: readonly BrokenCase[] = [
  broken(
    'A7',
    3562,
    withoutImage(
      'image-never-pulled',
      'A7: a Job that may not pull its image does not hold the release back (argoproj/argo-rollouts#3562)',
      'Never',
    ),
  ),
  broken('A15', 2824, {
    name: 'retry',
    title:
      'A15: a blue/green release that is tried again is analysed before its pods are there, and given up again (argoproj/argo-rollouts#2824)',
    rollout: {
      release: 'good',
      expected: 'hold',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: BLUE_GREEN,
      reshape: nextWith({ prePromotionAnalysis: analysisBy(FIT) }),
      extras: {
        prepared: (act) => applyOwn(act, [fit(99)]),
        ...script(
          moment('failed', 'waiting for the pods of the failed release to go', givenUp),
          moment(ACTS.retry, 'mending the analysis and trying again', scaledDown('v2', 30), async (act) => {
            await applyOwn(act, [fit(2)]);
            await retry(act);
          }),
          moment('watched', 'watching the second try', watched(12)),
        ),
      },
      settles: {
        contracts: [],
        rules_left_out: { 'fault-took': 'the release is never switched to, so no user meets it' },
      },
    },
  }),
  broken('A3', 3850, {
    name: 'paused-and-on',
    title:
      'A3: a release that is paused, because its analysis in the background has no conclusion, is given more traffic all the same (argoproj/argo-rollouts#3850)',
    rollout: {
      ...GOOD_RELEASE,
      rollout: QUICK,
      reshape: nextWith({ analysis: { startingStep: 1, ...analysisBy('open') } }),
      extras: {
        prepared: (act) =>
          applyOwn(act, [
            template('open', [
              // Neither good nor bad.
              asked('open', 'vector(5)', {
                count: 1,
                successCondition: 'result[0] < 1',
                failureCondition: 'result[0] > 9',
              }),
            ]),
          ]),
        ...script(
          moment('held', 'measuring while nothing is concluded', inconclusive),
          moment(ACTS.promote, 'promoting', watched(8), promoteStep),
          moment('watched', 'measuring after the promotion', watched(4)),
        ),
      },
      settles: {
        contracts: [],
        rules_left_out: { 'judge-saw': 'its analysis has no conclusion, on purpose' },
      },
    },
  }),
  broken(
    'A6',
    4479,
    whatIsCutShort(
      'never-good',
      'A6: a metric that was never good is called good once it is cut short (argoproj/argo-rollouts#4479)',
      NEVER_GOOD,
      measuredBad,
      BAD_SO_FAR,
    ),
  ),
];

/** What Argo Rollouts 1.8.4 does not keep, and a later version does. */
export const ARGO_1_8_KNOWN_BREAKS_ANALYSIS: readonly BrokenCase[] = [
  broken(
    'A7',
    3562,
    withoutImage(
      'image-missing',
      'A7: a Job whose image cannot be pulled does not hold the release back (argoproj/argo-rollouts#3562)',
      'Always',
    ),
  ),
  broken(
    'A6',
    1329,
    whatIsCutShort(
      'job-in-flight',
      'A6: a Job that is cut short counts as a success (argoproj/argo-rollouts#1329)',
      IN_FLIGHT,
      jobRuns('value'),
      CUT_SHORT,
    ),
  ),
  broken('A23', 4764, {
    name: 'told-twice',
    title: 'A23: an abort by the progress deadline is told twice (argoproj/argo-rollouts#4764)',
    rollout: {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: { ...QUICK, progress_deadline_s: 10 },
      settles: {
        contracts: [],
        rules_left_out: {
          ...NEVER_SERVES,
          'chat-told': 'no analysis fails; A23 judges every message',
          alert: 'no user meets the release',
        },
      },
    },
  }),
];
