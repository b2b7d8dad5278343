import { clopperPearson, type Proportion } from '#harness/core/statistics/proportion.ts';
import type { RolloutEnding } from '#harness/core/rollout-spec.ts';
import type { JudgedRun } from './judged-run.ts';
import { CONTROLLER_NAMES } from './words.ts';

/** The repetitions of one case by one version of a controller. */
export interface AccuracyRow {
  readonly case: string;
  readonly controller: JudgedRun['controller'];
  readonly controller_name: string;
  readonly version: string;
  readonly expected: RolloutEnding;
  /** How often the controller rolled the release back, with an interval of 95 %. */
  readonly rolled_back: Proportion;
  /** How often the reference judge found the release worse than what served beside it. */
  readonly reference_rolled_back: Proportion;
  /** Repetitions that proved nothing. */
  readonly left_out: number;
}

/** How often one judge was wrong over all cases. */
export interface ErrorRates {
  readonly judge: string;
  /** Good releases that were rolled back. */
  readonly false_positives: Proportion;
  /** Bad releases that were promoted. */
  readonly false_negatives: Proportion;
}

/** The cases of the accuracy of the judge, in the order in which they were first run. */
export function accuracyRows(runs: readonly JudgedRun[]): readonly AccuracyRow[] {
  const cases = Map.groupBy(
    runs.filter(({ accuracy_case }) => accuracy_case !== undefined),
    ({ accuracy_case, controller, version }) => JSON.stringify([controller, version, accuracy_case]),
  );
  return [...cases.values()].flatMap((group) => {
    const counted = group.flatMap(({ standing, decision }) =>
      decision && standing !== 'inconclusive' ? [decision] : [],
    );
    const [first] = counted;
    const [run] = group;
    if (!first || !run) return [];
    const { controller, version } = run;
    const rolled_back = counted.filter(({ decided }) => decided === 'rollback').length;
    const found_worse = counted.filter(({ reference }) => reference.class === 'high').length;
    return [
      {
        case: first.case,
        controller,
        controller_name: CONTROLLER_NAMES[controller],
        version,
        expected: first.expected,
        rolled_back: clopperPearson(rolled_back, counted.length),
        reference_rolled_back: clopperPearson(found_worse, counted.length),
        left_out: group.length - counted.length,
      },
    ];
  });
}

function sum(proportions: readonly Proportion[], hitsOf: (one: Proportion) => number): Proportion {
  const trials = proportions.reduce((all, one) => all + one.trials, 0);
  return clopperPearson(
    proportions.reduce((all, one) => all + hitsOf(one), 0),
    trials,
  );
}

/** What one judge made of one case. */
interface Found {
  readonly expected: RolloutEnding;
  readonly rolled_back: Proportion;
}

function ratesOf(judge: string, found: readonly Found[]): ErrorRates {
  const of = (expected: RolloutEnding): readonly Proportion[] =>
    found.filter((one) => one.expected === expected).map((one) => one.rolled_back);
  return {
    judge,
    false_positives: sum(of('promotion'), ({ hits }) => hits),
    false_negatives: sum(of('rollback'), ({ hits, trials }) => trials - hits),
  };
}

/** False positives and false negatives of each controller and of the reference judge. */
export function errorRates(rows: readonly AccuracyRow[]): readonly ErrorRates[] {
  const controllers = Map.groupBy(rows, ({ controller_name, version }) => `${controller_name} ${version}`);
  return [
    ...[...controllers].map(([judge, own]) => ratesOf(judge, own)),
    ratesOf(
      'Reference (Mann-Whitney)',
      rows.map(({ expected, reference_rolled_back: rolled_back }) => ({ expected, rolled_back })),
    ),
  ];
}

/** To a tenth of a percent. */
function pct(value: number): string {
  return (100 * value).toFixed(1);
}

/** `1 of 20 (5.0 %, 0.1 to 24.9 %)`. */
export function proportionText({ hits, trials, share, low, high }: Proportion): string {
  if (trials === 0) return 'no data';
  return `${hits} of ${trials} (${pct(share)} %, ${pct(low)} to ${pct(high)} %)`;
}
