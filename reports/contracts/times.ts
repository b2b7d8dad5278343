import type { JudgedRun, SeenStep } from './judged-run.ts';

/** Extent of a time over repetitions, in seconds. */
export interface Spread {
  /** Runs in which it was seen. */
  readonly seen: number;
  readonly min_s: number;
  readonly median_s: number;
  readonly max_s: number;
}

/** One step of the time to roll back, over all repetitions. */
export interface StepTimes {
  readonly id: string;
  readonly label: string;
  /** From the shipping of the release; absent where no run saw it. */
  readonly moment?: Spread;
  /** From the step that it waited for. */
  readonly took?: Spread;
}

/** Where the time to roll back went in one scenario on one version, over all its runs. */
export interface RollbackTimes {
  readonly scenario: string;
  readonly title: string;
  readonly controller: JudgedRun['controller'];
  readonly version: string;
  readonly runs: number;
  /** Runs that proved nothing and are not counted. */
  readonly left_out: number;
  readonly steps: readonly StepTimes[];
}

/** The split of the time to roll back of every scenario that had one, by scenario and version. */
export function rollbackTimes(runs: readonly JudgedRun[]): readonly RollbackTimes[] {
  const rollbacks = runs.filter(({ steps }) => steps.length > 0);
  const groups = Map.groupBy(rollbacks, ({ scenario, controller, version }) =>
    JSON.stringify([scenario, controller, version]),
  );
  return [...groups.values()]
    .flatMap((group) => timesOf(group))
    .toSorted(
      (left, right) =>
        left.scenario.localeCompare(right.scenario, 'en') ||
        left.version.localeCompare(right.version, 'en', { numeric: true }),
    );
}

function timesOf(group: readonly JudgedRun[]): readonly RollbackTimes[] {
  // What a starved or broken run measured is no time of the controller's.
  const counted = group.filter(({ standing }) => standing !== 'inconclusive');
  const [first] = counted;
  if (first === undefined) return [];
  const { scenario, title, controller, version } = first;
  return [
    {
      scenario,
      title,
      controller,
      version,
      runs: counted.length,
      left_out: group.length - counted.length,
      steps: first.steps.map(({ id, label }) => stepTimes(id, label, counted)),
    },
  ];
}

function stepTimes(id: string, label: string, runs: readonly JudgedRun[]): StepTimes {
  const found = runs.flatMap(({ steps }) => {
    const step = steps.find((one) => one.id === id);
    return step ? [{ step, steps }] : [];
  });
  const moment = spreadOf(found.flatMap(({ step }) => step.at_s ?? []));
  const took = spreadOf(found.flatMap(({ step, steps }) => tookOf(step, steps) ?? []));
  return { id, label, ...(moment ? { moment } : {}), ...(took ? { took } : {}) };
}

/** From the nearest known step before: an unknown step between must not hide the known time. */
function tookOf({ after, at_s }: SeenStep, steps: readonly SeenStep[]): number | undefined {
  let id = after;
  while (id !== undefined) {
    const before = steps.find((one) => one.id === id);
    if (before?.at_s !== undefined) return at_s === undefined ? undefined : at_s - before.at_s;
    id = before?.after;
  }
  return undefined;
}

/** Smallest, middle and largest value; undefined where there is none. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((left, right) => left - right);
  const min_s = sorted[0];
  const max_s = sorted.at(-1);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (min_s === undefined || max_s === undefined || low === undefined || high === undefined) return undefined;
  return { seen: sorted.length, min_s, median_s: (low + high) / 2, max_s };
}
