import { asked, duringSpans, errsDuring, job, NO_IMAGE, ODD_VALUES } from './argo-metrics.ts';
import type { AnalysisRow, Rows } from './argo-rows.ts';

const AT_MOST_ONE = 'result[0] <= 1';

/** A metric `value` measured twice, two seconds apart. */
const TWICE = { count: 2, interval: '2s' } as const;

/** Errors are measured again 10 s later, whatever the interval says: the first one ends the row. */
const FIRST_ERROR = { ...TWICE, consecutiveErrorLimit: 0 } as const;

function odd(
  name: string,
  value: keyof typeof ODD_VALUES,
  receives: string,
  expects: AnalysisRow['expects'],
  rules: object,
): AnalysisRow {
  return {
    name: `a4-${name}`,
    contract: 'A4',
    expects,
    receives,
    metrics: [asked('value', ODD_VALUES[value], { ...FIRST_ERROR, ...rules })],
  };
}

/** What the written condition makes of no value, no number and too many. */
export const ODD_RESULTS: Rows = () => [
  odd('nan-must-be-good', 'nan', '[NaN]', 'Failed', { successCondition: AT_MOST_ONE }),
  odd('nan-must-not-be-bad', 'nan', '[NaN]', 'Successful', { failureCondition: 'result[0] > 1' }),
  odd('nan-is-neither', 'nan', '[NaN]', 'Inconclusive', {
    successCondition: AT_MOST_ONE,
    failureCondition: 'result[0] > 1',
  }),
  odd('nan-is-allowed', 'nan', '[NaN]', 'Successful', {
    successCondition: `isNaN(result[0]) || ${AT_MOST_ONE}`,
  }),
  odd('empty-unguarded', 'empty', 'no data returned', 'Error', { successCondition: AT_MOST_ONE }),
  odd('empty-must-be-good', 'empty', '[]', 'Failed', {
    successCondition: `len(result) > 0 && ${AT_MOST_ONE}`,
  }),
  odd('empty-must-not-be-bad', 'empty', '[]', 'Successful', {
    failureCondition: 'len(result) > 0 && result[0] > 1',
  }),
  odd('empty-is-allowed', 'empty', '[]', 'Successful', {
    successCondition: `len(result) == 0 || ${AT_MOST_ONE}`,
  }),
  odd('infinite-above-minimum', 'infinite', '[+Inf]', 'Successful', { successCondition: 'result[0] >= 99' }),
  odd('infinite-above-maximum', 'infinite', '[+Inf]', 'Failed', { successCondition: AT_MOST_ONE }),
  odd('two-series-first-counts', 'two_series', '[1,5]', 'Successful', { successCondition: AT_MOST_ONE }),
  odd('two-series-refused', 'two_series', '[1,5]', 'Failed', {
    successCondition: `len(result) == 1 && ${AT_MOST_ONE}`,
  }),
];

/** Measurements that are taken two seconds apart, of which those within the first seconds are bad. */
function limits(
  name: string,
  expects: AnalysisRow['expects'],
  bad: readonly (readonly [number, number])[],
  rules: object,
): Rows {
  return ({ began_at_s }) => [
    {
      name: `a5-${name}`,
      contract: 'A5',
      expects,
      receives: '[',
      metrics: [
        asked('value', bad.length === 0 ? 'vector(0)' : duringSpans(began_at_s, bad), {
          interval: '2s',
          successCondition: 'result[0] == 0',
          ...rules,
        }),
      ],
    },
  ];
}

const ALWAYS = [[0, 600]] as const;
const AT_FIRST = [[0, 4.5]] as const;
/** Bad for 3 s of every 8: with measurements at least 2 s apart there are never four good ones in a row. */
const BY_TURNS = [0, 8, 16, 24, 32, 40].map((from_s) => [from_s, from_s + 3] as const);

/** failureLimit and consecutiveSuccessLimit, each applicable or not, reached or not. */
export const LIMITS: Rows = (made) =>
  [
    limits('no-failure', 'Successful', [], { count: 3 }),
    limits('failures-over-limit', 'Failed', ALWAYS, { count: 9, failureLimit: 1 }),
    limits('failures-within-limit', 'Successful', AT_FIRST, { count: 6, failureLimit: 4 }),
    limits('successes-alone', 'Successful', AT_FIRST, { failureLimit: -1, consecutiveSuccessLimit: 2 }),
    limits('successes-alone-missed', 'Failed', ALWAYS, {
      count: 3,
      failureLimit: -1,
      consecutiveSuccessLimit: 2,
    }),
    limits('both-reached', 'Successful', AT_FIRST, { failureLimit: 4, consecutiveSuccessLimit: 2 }),
    limits('both-failures-first', 'Failed', ALWAYS, { failureLimit: 1, consecutiveSuccessLimit: 2 }),
    // The count must be at least the sum of both limits.
    limits('both-missed', 'Inconclusive', BY_TURNS, {
      count: 10,
      failureLimit: 6,
      consecutiveSuccessLimit: 4,
    }),
  ].flatMap((rows) => rows(made));

/** Errors in a row count; a good measurement between them begins the count anew. */
export const ERRORS: Rows = ({ began_at_s }) => [
  {
    name: 'a2-success-resets',
    contract: 'A2',
    expects: 'Successful',
    receives: '[1]',
    metrics: [
      // Error at 0 s, good after 10 s, error 5 s later, good after 10 s more: two errors, never two in a row.
      asked(
        'value',
        errsDuring(began_at_s, [
          [-60, 7],
          [13.5, 22],
        ]),
        { count: 2, interval: '5s', consecutiveErrorLimit: 1, successCondition: 'result[0] == 1' },
      ),
    ],
  },
  {
    name: 'a2-errors-in-a-row',
    contract: 'A2',
    expects: 'Error',
    receives: 'duplicate series',
    metrics: [
      asked('value', errsDuring(began_at_s, [[-60, 600]]), {
        count: 2,
        interval: '2s',
        consecutiveErrorLimit: 1,
        successCondition: 'result[0] == 1',
      }),
    ],
  },
];

const GOOD = { count: 2, interval: '2s', successCondition: AT_MOST_ONE } as const;

/** Metrics that only try beside metrics that decide. */
export const DRY_RUNS: Rows = () => [
  {
    name: 'a8-dry-failure-decides-nothing',
    contract: 'A8',
    expects: 'Successful',
    receives: '[9]',
    metrics: [asked('value', 'vector(9)', GOOD), asked('wet', 'vector(1)', GOOD)],
    dry_run: ['value'],
  },
  {
    name: 'a8-dry-failure-hides-nothing',
    contract: 'A8',
    expects: 'Failed',
    receives: '[9]',
    metrics: [asked('value', 'vector(9)', GOOD), asked('wet', 'vector(9)', { ...GOOD, initialDelay: '4s' })],
    dry_run: ['value'],
  },
  {
    name: 'a8-dry-error-decides-nothing',
    contract: 'A8',
    expects: 'Successful',
    receives: 'no data returned',
    metrics: [
      asked('value', ODD_VALUES.empty, { ...GOOD, consecutiveErrorLimit: 0 }),
      asked('wet', 'vector(1)', GOOD),
    ],
    dry_run: ['value'],
  },
  {
    name: 'a8-all-dry',
    contract: 'A8',
    expects: 'Successful',
    receives: '[9]',
    metrics: [asked('value', 'vector(9)', GOOD)],
    dry_run: ['.*'],
  },
];

/** Names of the analyses that are cut short while their measurement is in flight. */
export const CUT_SHORT = ['a6-job-in-flight'] as const;

/** A Job that never ends by itself. */
export const IN_FLIGHT: Rows = ({ image }) => [
  {
    name: CUT_SHORT[0],
    contract: 'A6',
    expects: 'Inconclusive',
    receives: 'Metric Terminated',
    metrics: [job('value', { image, program: 'sleeps' })],
  },
];

/** Jobs that fail, complete, and cannot be started. */
export const JOBS: Rows = ({ image }) => [
  {
    name: 'a7-job-completes',
    contract: 'A7',
    expects: 'Successful',
    receives: '',
    metrics: [job('value', { image, program: { exits: 0 } })],
  },
  {
    name: 'a7-job-fails',
    contract: 'A7',
    expects: 'Failed',
    receives: '',
    metrics: [job('value', { image, program: { exits: 1 } })],
  },
  {
    name: 'a7-job-without-image',
    contract: 'A7',
    expects: 'Inconclusive',
    receives: 'terminal error',
    metrics: [job('value', { image: NO_IMAGE, program: { exits: 0 }, pull: 'Always' })],
  },
];

/** Names of the analyses that are cut short when their measurements were bad, but not yet too many. */
export const BAD_SO_FAR = ['a6-failed-so-far', 'a6-errors-so-far'] as const;

/** Metrics with a count that were never good, and have not failed often enough yet. */
export const NEVER_GOOD: Rows = () => [
  {
    name: BAD_SO_FAR[0],
    contract: 'A6',
    expects: 'Failed',
    receives: '[9]',
    metrics: [
      asked('value', 'vector(9)', {
        count: 9,
        interval: '60s',
        failureLimit: 2,
        successCondition: AT_MOST_ONE,
      }),
    ],
  },
  {
    name: BAD_SO_FAR[1],
    contract: 'A6',
    expects: 'Error',
    receives: 'no data returned',
    metrics: [asked('value', ODD_VALUES.empty, { count: 9, interval: '60s', successCondition: AT_MOST_ONE })],
  },
];
