import { type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { clopperPearson, type Proportion } from '#harness/core/statistics/proportion.ts';
import type { RolloutEnding } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import type { ArgoRollout } from '../argo-rollout.ts';
import type { FlaggerRollout } from '../flagger-rollout.ts';
import type { Settles } from '../rollout-run.ts';
import { eachOf, setting, together } from './reshape.ts';

/** A release at the edge of what a judge bears, and what it should be judged as. */
export interface AccuracyCase {
  /** In kebab case, for folders. */
  readonly name: string;
  /** For tables. */
  readonly title: string;
  readonly release: string;
  readonly metric: 'latency' | 'errors';
  readonly bad_answers_pct: number;
  readonly expected: RolloutEnding;
}

function slower(pct: number, expected: RolloutEnding): AccuracyCase {
  return {
    name: `slower-${pct}`,
    title: `latency +${pct} %`,
    release: pct === 0 ? 'accuracy-base' : `accuracy-slower-${pct}`,
    metric: 'latency',
    bad_answers_pct: 0,
    expected,
  };
}

/** Releases on both sides of the limits: 10 % slower than what serves beside them, and 1 % errors. */
export const ACCURACY_CASES: readonly AccuracyCase[] = [
  slower(0, 'promotion'),
  slower(5, 'promotion'),
  slower(8, 'promotion'),
  slower(12, 'rollback'),
  slower(25, 'rollback'),
  {
    name: 'errors-0-5',
    title: 'errors 0.5 %',
    release: 'accuracy-errors-0-5',
    metric: 'errors',
    bad_answers_pct: 0.5,
    expected: 'promotion',
  },
  {
    name: 'errors-2',
    title: 'errors 2 %',
    release: 'accuracy-errors-2',
    metric: 'errors',
    bad_answers_pct: 2,
    expected: 'rollback',
  },
];

/** The two nearest to the limit on latency. */
export const FLAGGER_ACCURACY_CASES: readonly AccuracyCase[] = ACCURACY_CASES.filter(({ name }) =>
  ['slower-8', 'slower-12'].includes(name),
);

/** What serves before: as slow as it is for the difference to be more than the clock's own grain. */
const STABLE_DOCUMENT = 'accuracy-base';

/** Most that a release may be slower than what serves beside it, in percent. */
const SLOWER_MAX_PCT = 10;
const ERRORS_MAX_PCT = 1;

/** Repetitions of each case unless `METTLE_ACCURACY_RUNS` says otherwise. */
const RUNS = 3;
const RUNS_MAX = 1000;

/** Number of repetitions of each case. @throws Error when the environment holds no whole number from 1 to 1000 */
export function accuracyRuns(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const given = environment['METTLE_ACCURACY_RUNS'];
  if (given === undefined || given === '') return RUNS;
  const runs = Number(given);
  if (Number.isInteger(runs) && runs >= 1 && runs <= RUNS_MAX) return runs;
  throw new Error(`METTLE_ACCURACY_RUNS is ${given}: it must be a whole number from 1 to ${RUNS_MAX}`);
}

/** Mean latency of the release over that of what serves beside it, as percent above it. */
function slowerQuery(release: string, other: string, window: string): string {
  const mean = (selector: string): string =>
    `sum(rate(http_request_duration_seconds_sum{${selector}}[${window}])) / sum(rate(http_request_duration_seconds_count{${selector}}[${window}]))`;
  return `100 * ((${mean(release)}) / (${mean(other)}) - 1)`;
}

/** The check that compares the release with what serves beside it, in place of the share of errors. */
function comparingArgo(window_s: number): Reshape {
  const namespace = 'namespace="{{args.namespace}}"';
  const query = slowerQuery(`${namespace}, role="canary"`, `${namespace}, role="stable"`, `${window_s}s`);
  return eachOf('AnalysisTemplate', (object) =>
    object.metadata.name === 'error-rate'
      ? setting(object, ['spec', 'metrics', 0, 'provider', 'prometheus', 'query'], () => query)
      : object,
  );
}

/** The one check of a Canary compares the release's mean latency with that of the primary. */
export const comparingFlagger: Reshape = eachOf('MetricTemplate', (object) => {
  const namespace = 'namespace="{{ namespace }}"';
  const query = slowerQuery(
    `${namespace}, app="{{ target }}"`,
    `${namespace}, app="{{ target }}-primary"`,
    '{{ interval }}',
  );
  return setting(object, ['spec', 'query'], () => query);
});

/** Gives every release of the run a seed, which says where the sequences of its chance begin. */
function seeded(seed: number): Reshape {
  return eachOf('ConfigMap', (object): KubeObject => {
    const text = textAt(object, 'data', 'release.yaml');
    if (text === undefined) return object;
    const kept = text.replace(/^seed: .*\n/m, '');
    return setting(object, ['data', 'release.yaml'], () => `seed: ${seed}\n${kept}`);
  });
}

/** Rules of a rollout that say nothing where what counts is the decision, each with the reason. */
function leftOut({ metric, expected }: AccuracyCase): Readonly<Record<string, string>> {
  return {
    alert: 'neither latency nor so few errors reach the threshold of the alert',
    ...(metric === 'latency'
      ? {
          'judge-saw': 'it compares shares of bad answers, and this check is of latency',
          exposure: 'no answer is bad: users wait longer, which the decision itself bounds',
          harm: 'no answer is bad: users wait longer, which the decision itself bounds',
        }
      : { 'judge-saw': 'the share is so small that it compares less than one answer' }),
    ...(expected === 'promotion' && metric === 'errors'
      ? {
          'no-failed-request': 'the release fails half a percent of its requests, as is borne',
          'no-other-loss': 'the release fails half a percent of its requests, as is borne',
          'healthy-after': 'the release fails half a percent of its requests, as is borne',
        }
      : {}),
  };
}

function settles(one: AccuracyCase, seed: number): Settles {
  return {
    contracts: [],
    rules_left_out: leftOut(one),
    accuracy: { case: one.title, metric: one.metric, seed },
  };
}

/** Share of wrong decisions that must not be exceeded beyond doubt. */
export const WRONG_MAX = 0.05;

/** Rules that say what was decided. */
const DECISIONS: ReadonlySet<string> = new Set(['promoted', 'rolled-back']);

/** What the repetitions of a case came to. */
export interface Decisions {
  /** Decisions that were not the expected one, with their interval of 95 %. */
  readonly wrong: Proportion;
  /** Rules that did not hold, or lacked evidence, in repetitions whose decision was right or unknown. */
  readonly broken: readonly string[];
}

/** Counts the decisions of the repetitions of a case. One that proved nothing is no decision, and is named. */
export function decisionsOf(verdicts: readonly Verdict[]): Decisions {
  const decided = verdicts.map(({ rules }) => rules.find(({ rule }) => DECISIONS.has(rule))?.outcome);
  const broken = verdicts.flatMap(({ rules }, index) =>
    decided[index] === 'fail'
      ? []
      : rules
          .filter(({ outcome }) => outcome !== 'pass')
          .map(({ rule, outcome, reason }) => `repetition ${index + 1}: ${rule}: ${outcome}: ${reason}`),
  );
  const trials = decided.filter((outcome) => outcome === 'pass' || outcome === 'fail').length;
  return { wrong: clopperPearson(decided.filter((outcome) => outcome === 'fail').length, trials), broken };
}

/** Half of the users, so that both are measured alike; three measurements, of which one may fail. */
const ARGO_WINDOW_S = 15;

/** One repetition of a case by Argo Rollouts, whose analysis may be as short as the statistics allow. */
export function argoAccuracy(one: AccuracyCase, seed: number): ArgoRollout {
  const latency = one.metric === 'latency';
  return {
    release: one.release,
    stable: STABLE_DOCUMENT,
    expected: one.expected,
    bad_answers_pct: one.bad_answers_pct,
    load: 'steady-300',
    rollout: {
      steps: [{ weight_pct: 50, pause_s: 32 }],
      // The first answers of a new program are slow: the first look begins five seconds after the first share.
      initial_delay_s: ARGO_WINDOW_S + 5,
      window_s: ARGO_WINDOW_S,
      interval_s: 5,
      failure_limit: 1,
      scale_down_delay_s: 1,
      abort_scale_down_delay_s: 1,
      check_name: latency ? 'slower' : 'error-rate',
      check_max_pct: latency ? SLOWER_MAX_PCT : ERRORS_MAX_PCT,
    },
    reshape: latency ? together(seeded(seed), comparingArgo(ARGO_WINDOW_S)) : seeded(seed),
    settles: settles(one, seed),
  };
}

/** One repetition of a case by Flagger. */
export function flaggerAccuracy(one: AccuracyCase, seed: number): FlaggerRollout {
  const latency = one.metric === 'latency';
  return {
    release: one.release,
    stable: STABLE_DOCUMENT,
    expected: one.expected,
    bad_answers_pct: one.bad_answers_pct,
    load: 'steady-300',
    canary: {
      interval_s: 10,
      threshold: 2,
      step_weight_pct: 25,
      max_weight_pct: 50,
      check_name: latency ? 'slower' : 'error-rate',
      check_max_pct: latency ? SLOWER_MAX_PCT : ERRORS_MAX_PCT,
    },
    reshape: latency ? together(seeded(seed), comparingFlagger) : seeded(seed),
    settles: settles(one, seed),
  };
}
