import { analysisBy, asked, job, template } from './argo-metrics.ts';
import {
  applyOwn,
  changeStableMap,
  ERROR_RATE,
  FURTHER_TRIGGERS,
  loseStablePod,
  nextWith,
  subscribedTo,
} from './argo-parts.ts';
import { beginRows, imageOf, untilRowsEnded } from './argo-rows.ts';
import { DRY_RUNS, ERRORS, LIMITS, ODD_RESULTS } from './argo-tables.ts';
import { BAD_RELEASE, type ArgoCase } from './case.ts';
import { together } from './reshape.ts';

/** Rules of a rollback that mind a bad release: here the judge is what is broken. */
const GOOD_RELEASE: Readonly<Record<string, string>> = {
  exposure: 'the release is good: its analysis is what cannot work',
  harm: 'the release is good: its analysis is what cannot work',
  'judge-saw': 'its analysis sees nothing, on purpose',
  'chat-told': 'the reason is an error, which A2 judges',
  alert: 'no user meets a bad answer',
};

/** Of these one more than the limit end the analysis. Source: utils/defaults of Argo Rollouts 1.10. */
const CONSECUTIVE_ERROR_LIMIT = 4;
/** Between an error and the next measurement. Source: DefaultErrorRetryInterval in analysis/analysis.go. */
const ERROR_RETRY_S = 10;

/** What measurements lead to that fail, and that cannot be taken. */
export const ARGO_ANALYSIS: readonly ArgoCase[] = [
  {
    name: 'failing',
    title:
      'A1, A6, A8, A23, A25: the metric that decides aborts a bad release, whatever others try or have in flight',
    rollout: {
      ...BAD_RELEASE,
      rollout: { interval_s: 3, initial_delay_s: 8 },
      reshape: together(
        subscribedTo(...FURTHER_TRIGGERS),
        nextWith({
          analysis: {
            startingStep: 1,
            ...analysisBy(ERROR_RATE, 'beside'),
            dryRun: [{ metricName: 'tried' }],
          },
        }),
      ),
      extras: {
        prepared: async (act) => {
          await applyOwn(act, [
            template('beside', [
              // Bad from its first measurement on, long before the one that decides has any.
              asked('tried', 'vector(9)', { interval: '2s', successCondition: 'result[0] <= 1' }),
              job('in-flight', { image: imageOf(act), program: 'sleeps' }),
            ]),
          ]);
        },
        steady: changeStableMap,
        settled: loseStablePod,
      },
      settles: { contracts: ['A1', 'A6', 'A8', 'A23', 'A25'] },
    },
  },
  {
    name: 'errors',
    title:
      'A2, A4, A5, A8: the fifth error in a row aborts, and each written condition gives what it says of odd results',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      // The pace of errors, in the terms of the specification.
      rollout: {
        steps: [
          { weight_pct: 10, pause_s: 90 },
          { weight_pct: 50, pause_s: 5 },
        ],
        interval_s: ERROR_RETRY_S,
        failure_limit: CONSECUTIVE_ERROR_LIMIT,
        initial_delay_s: 2,
      },
      reshape: nextWith({ analysis: { startingStep: 1, ...analysisBy('unguarded') } }),
      extras: {
        prepared: async (act) => {
          const query = `sum(rate(http_requests_of_nobody_total{namespace="${act.namespace}"}[10s]))`;
          await applyOwn(act, [
            template('unguarded', [
              asked(ERROR_RATE, query, {
                initialDelay: '2s',
                interval: '2s',
                successCondition: 'result[0] <= 1',
              }),
            ]),
          ]);
        },
        steady: beginRows(ODD_RESULTS, LIMITS, ERRORS, DRY_RUNS),
        settled: untilRowsEnded,
      },
      settles: { contracts: ['A2', 'A4', 'A5', 'A8'], rules_left_out: GOOD_RELEASE },
    },
  },
];
