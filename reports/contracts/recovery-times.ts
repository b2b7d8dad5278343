import type { RecoveredRun } from './recovered-run.ts';
import { type Spread, spreadOf } from './times.ts';

/** One step of a recovery over all repetitions; moments are seconds from the loss, absent where no run saw them. */
export interface RecoveryStepTimes {
  readonly id: string;
  readonly label: string;
  readonly began?: Spread;
  readonly ended?: Spread;
  readonly took?: Spread;
}

/** A recovery over all its runs. */
export interface RecoveryTimes {
  readonly scenario: string;
  readonly title: string;
  readonly runs: number;
  /** Runs that proved nothing and are not counted. */
  readonly left_out: number;
  readonly recovered?: Spread;
  readonly first_answer?: Spread;
  readonly recovery_point?: Spread;
  /** Fewest and most accepted orders that a run lost; absent where no run knows. */
  readonly lost_orders?: { readonly min: number; readonly max: number };
  readonly steps: readonly RecoveryStepTimes[];
}

/** The recoveries by scenario. */
export function recoveryTimes(runs: readonly RecoveredRun[]): readonly RecoveryTimes[] {
  return [...Map.groupBy(runs, ({ scenario }) => scenario).values()]
    .flatMap((group) => timesOf(group))
    .toSorted((left, right) => left.scenario.localeCompare(right.scenario, 'en'));
}

function timesOf(group: readonly RecoveredRun[]): readonly RecoveryTimes[] {
  const counted = group.filter(({ standing }) => standing !== 'inconclusive');
  const [first] = counted;
  if (first === undefined) return [];
  const spread = (value: (run: RecoveredRun) => number | undefined): Spread | undefined =>
    spreadOf(counted.flatMap((run) => value(run) ?? []));
  const lost = spread(({ lost_orders }) => lost_orders);
  const recovered = spread(({ recovered_s }) => recovered_s);
  const first_answer = spread(({ first_answer_s }) => first_answer_s);
  const recovery_point = spread(({ recovery_point_s }) => recovery_point_s);
  return [
    {
      scenario: first.scenario,
      title: first.title,
      runs: counted.length,
      left_out: group.length - counted.length,
      ...(recovered ? { recovered } : {}),
      ...(first_answer ? { first_answer } : {}),
      ...(recovery_point ? { recovery_point } : {}),
      ...(lost ? { lost_orders: { min: lost.min_s, max: lost.max_s } } : {}),
      steps: stepTimes(counted),
    },
  ];
}

/** Every step that any run had, in the order in which they usually begin. */
function stepTimes(runs: readonly RecoveredRun[]): readonly RecoveryStepTimes[] {
  const ids = [...new Set(runs.flatMap(({ steps }) => steps.map(({ id }) => id)))];
  return ids
    .map((id): RecoveryStepTimes => {
      // Where a step had to be taken again, the last time is the one that led on.
      const found = runs.flatMap(({ steps }) => steps.findLast((step) => step.id === id) ?? []);
      const began = spreadOf(found.map(({ began_s }) => began_s));
      const ended = spreadOf(found.flatMap(({ ended_s }) => ended_s ?? []));
      const took = spreadOf(
        found.flatMap(({ began_s, ended_s }) => (ended_s === undefined ? [] : ended_s - began_s)),
      );
      return {
        id,
        label: found[0]?.label ?? id,
        ...(began ? { began } : {}),
        ...(ended ? { ended } : {}),
        ...(took ? { took } : {}),
      };
    })
    .toSorted((left, right) => (left.began?.median_s ?? 0) - (right.began?.median_s ?? 0));
}
