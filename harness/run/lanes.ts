import type { ComponentName } from '#harness/stack/component.ts';
import { componentsOf } from '#harness/stack/profiles.ts';
import type { Scenario } from './read-scenarios.ts';

/** Versions of components other than the first of the lock, by component. */
export type Versions = Readonly<Record<string, string>>;

/** One cluster of a run, and what runs on it. */
export interface ClusterPlan {
  /** Whether several scenarios share it. */
  readonly shared: boolean;
  /** Whether its scenario makes it, and not the run. */
  readonly by_scenario: boolean;
  /** The parts that are installed on it: what its scenarios need and nothing else. */
  readonly components: readonly ComponentName[];
  readonly versions: Versions;
  readonly nodes: number;
  /** Run at the same time as far as the CPU budget allows, the longest first. */
  readonly side_by_side: readonly Scenario[];
  /** Run after these, one after the other. */
  readonly alone: readonly Scenario[];
}

/** What earlier runs took, in seconds, by scenario. */
export type Expected = Readonly<Record<string, number>>;

/** Assumed of a scenario that was never run here, in seconds: it is planned among the longest. */
const UNKNOWN_S = 300;

/**
 * Cores that are left to what no scenario declares: the control plane, Prometheus, the harness. Measured; see
 * harness/DESIGN.md.
 */
export const RESERVE_CORES = 0.6;

/** Cores that scenarios side by side may claim together. */
export function cpuBudget(cores: number): number {
  return Math.max(0, cores - RESERVE_CORES);
}

/** The cores that a scenario claims; one that runs alone claims none. */
export function cpuOf({ header }: Scenario): number {
  return header.isolation.kind === 'namespace' ? header.isolation.cpu : 0;
}

/** The versions that a scenario wants on its cluster: of several of one component, the first. */
export function versionsOf({ header }: Scenario): Versions {
  return Object.fromEntries(
    header.versions.toReversed().map(({ component, version }) => [component, version]),
  );
}

function keyOf(versions: Versions): string {
  return JSON.stringify(Object.entries(versions).sort(([left], [right]) => left.localeCompare(right)));
}

/** Whether two choices of versions are the same. */
export function sameVersions(left: Versions, right: Versions): boolean {
  return keyOf(left) === keyOf(right);
}

function needs(scenarios: readonly Scenario[]): readonly ComponentName[] {
  return componentsOf([...new Set(scenarios.flatMap(({ header }) => header.components))]);
}

function shared(scenarios: readonly Scenario[], expected: Expected): ClusterPlan | undefined {
  const [first] = scenarios;
  if (first === undefined) return undefined;
  const duration = ({ name }: Scenario): number => expected[name] ?? UNKNOWN_S;
  return {
    shared: true,
    by_scenario: false,
    components: needs(scenarios),
    versions: versionsOf(first),
    nodes: first.header.nodes,
    side_by_side: scenarios
      .filter(({ header }) => header.isolation.kind === 'namespace')
      .toSorted((left, right) => duration(right) - duration(left)),
    alone: scenarios.filter(({ header }) => header.isolation.kind === 'exclusive'),
  };
}

/**
 * Shares scenarios out among clusters: those that can share one do, by the versions and nodes they want; each that wants a
 * cluster of its own gets it. Clusters come one after the other.
 */
export function planClusters(scenarios: readonly Scenario[], expected: Expected): readonly ClusterPlan[] {
  const own = scenarios.filter(({ header }) => ['cluster', 'rebuilt'].includes(header.isolation.kind));
  const sharing = scenarios.filter((one) => !own.includes(one));
  const groups = Map.groupBy(sharing, (one) => `${one.header.nodes} ${keyOf(versionsOf(one))}`);
  return [
    ...[...groups.values()].flatMap((group) => shared(group, expected) ?? []),
    ...own.map((one) => ({
      shared: false,
      by_scenario: one.header.isolation.kind === 'rebuilt',
      components: needs([one]),
      versions: versionsOf(one),
      nodes: one.header.nodes,
      side_by_side: [],
      alone: [one],
    })),
  ];
}

/** What one set of images must hold: scenarios of the same versions use one. */
export interface ImageSet {
  readonly versions: Versions;
  readonly components: readonly ComponentName[];
}

/** The choices of versions of a scenario's clusters: its own first, then those of the clusters that it opens. */
function choicesOf(scenario: Scenario): readonly Versions[] {
  const own = versionsOf(scenario);
  const further = scenario.header.versions
    .filter(({ component, version }) => own[component] !== version)
    .map(({ component, version }) => ({ ...own, [component]: version }));
  return [own, ...further];
}

/** The images to make ready for some clusters: one set for each choice of versions. */
export function imageSets(plans: readonly ClusterPlan[]): readonly ImageSet[] {
  const sets = plans.flatMap(({ versions, components, side_by_side, alone }) => [
    { versions, components },
    ...[...side_by_side, ...alone].flatMap(choicesOf).map((one) => ({ versions: one, components })),
  ]);
  return [...Map.groupBy(sets, ({ versions }) => keyOf(versions)).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          {
            versions: first.versions,
            components: componentsOf(group.flatMap(({ components }) => components)),
          },
        ];
  });
}

/**
 * How long scenarios side by side take, in seconds, when each starts as soon as its cores are free, in the given order.
 * Scenarios of unknown duration count nothing.
 */
export function spanSideBySide(
  scenarios: readonly Scenario[],
  budget_cores: number,
  expected: Expected,
): number {
  const waiting = [...scenarios];
  const running: { readonly cpu: number; readonly until_s: number }[] = [];
  let now_s = 0;
  while (waiting.length > 0 || running.length > 0) {
    const used = running.reduce((sum, { cpu }) => sum + cpu, 0);
    const next = waiting.findIndex((one) => fits(cpuOf(one), used, budget_cores));
    const [started] = next === -1 ? [] : waiting.splice(next, 1);
    if (started) {
      running.push({ cpu: cpuOf(started), until_s: now_s + (expected[started.name] ?? 0) });
      continue;
    }
    running.sort((left, right) => left.until_s - right.until_s);
    now_s = running.shift()?.until_s ?? now_s;
  }
  return now_s;
}

/** Whether a scenario may start beside what runs. One that claims more than there is runs alone. */
export function fits(cpu: number, used: number, budget_cores: number): boolean {
  return used === 0 || used + cpu <= budget_cores + 1e-9;
}
