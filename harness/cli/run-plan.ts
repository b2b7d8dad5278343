import type { ImageMode, Keep } from '#harness/config/config.ts';
import { readDurations } from '#harness/run/durations.ts';
import { describeSet } from '#harness/run/images-absent.ts';
import {
  type ClusterPlan,
  cpuBudget,
  cpuOf,
  imageSets,
  planClusters,
  RESERVE_CORES,
  spanSideBySide,
} from '#harness/run/lanes.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { Scenario } from '#harness/run/read-scenarios.ts';

/** What a run will do: flags, configuration and defaults brought together. */
export interface RunPlan {
  /** What runs where. */
  readonly clusters: readonly ClusterPlan[];
  /** Scenarios that were left out although no name or tag asked for others. */
  readonly left_out: readonly string[];
  /** A cluster that exists, to run on; clusters are made where absent. */
  readonly cluster: string | undefined;
  readonly images: ImageMode;
  readonly registry: string | undefined;
  readonly keep: Keep;
  readonly seed: number;
  readonly repeat: number;
  /** So often a scenario is run again whose load generator was starved and that kept every promise as far as seen. */
  readonly again_if_starved: number;
  /** Cores that scenarios side by side may count on; those of this machine, or fewer where others use it too. */
  readonly cores: number;
  /** Load of every rollout; what each scenario asks for where absent. */
  readonly load: ProfileName | undefined;
}

/** Shares the scenarios out among clusters, by what earlier runs took. */
export function planScenarios(scenarios: readonly Scenario[]): readonly ClusterPlan[] {
  return planClusters(scenarios, readDurations());
}

/** Time that making a cluster and giving it back takes, as far as known, in seconds. */
function overhead_s(durations: Readonly<Record<string, number>>): number {
  return ['cluster', 'stack', 'clean-up'].reduce((sum, phase) => sum + (durations[phase] ?? 0), 0);
}

function describeScenario(scenario: Scenario, durations: Readonly<Record<string, number>>): string {
  const seconds = durations[scenario.name];
  const cpu = cpuOf(scenario);
  const known = seconds === undefined ? 'not run here before' : `about ${seconds.toFixed(0)} s`;
  return `      ${scenario.name}: ${known}${cpu === 0 ? '' : `, ${cpu} cpu`}`;
}

function versionsText(cluster: ClusterPlan): string {
  const versions = Object.entries(cluster.versions).map(([name, version]) => `${name} ${version}`);
  const nodes = cluster.nodes === 1 ? [] : [`${cluster.nodes} nodes`];
  return versions.length + nodes.length === 0 ? '' : ` with ${[...nodes, ...versions].join(', ')}`;
}

/** The plan as a person reads it: lanes, clusters, parts, images and expected times as far as earlier runs tell. */
export async function describePlan(plan: RunPlan): Promise<string> {
  const durations = readDurations();
  const { cores } = plan;
  const budget = cpuBudget(cores);
  const lines = [
    `images: ${plan.images}${plan.registry === undefined ? '' : ` from ${plan.registry}`}; keep: ${plan.keep}; seed: ${plan.seed}; repeat: ${plan.repeat}`,
  ];
  if (plan.cluster === undefined) {
    for (const set of imageSets(plan.clusters)) {
      const { images, absent } = await describeSet(set, plan.images);
      const todo = absent.length === 0 ? 'all in the cache' : `to build or pull: ${absent.join(', ')}`;
      lines.push(`images of: ${images.join(', ')}`, `    ${todo}`);
    }
  }
  let total_s = plan.cluster === undefined ? (durations['machine'] ?? 0) + (durations['images'] ?? 0) : 0;
  for (const [index, cluster] of plan.clusters.entries()) {
    const where = plan.cluster ?? `cluster ${index + 1}${cluster.shared ? '' : ', of its own'}`;
    lines.push(`${where}: ${cluster.components.join(', ') || 'no parts'}${versionsText(cluster)}`);
    if (cluster.side_by_side.length > 0) {
      const span_s = spanSideBySide(cluster.side_by_side, budget, durations);
      lines.push(
        `    side by side, within ${budget.toFixed(1)} of ${cores} cores (${RESERVE_CORES} are left to the stack), about ${span_s.toFixed(0)} s:`,
        ...cluster.side_by_side.map((one) => describeScenario(one, durations)),
      );
      total_s += span_s * plan.repeat;
    }
    if (cluster.alone.length > 0) {
      lines.push('    one at a time:', ...cluster.alone.map((one) => describeScenario(one, durations)));
      total_s += cluster.alone.reduce((sum, { name }) => sum + (durations[name] ?? 0), 0) * plan.repeat;
    }
    if (plan.cluster === undefined) total_s += overhead_s(durations);
  }
  if (plan.left_out.length > 0) {
    lines.push(`left out, being nightly (--tags nightly runs them): ${plan.left_out.join(', ')}`);
  }
  lines.push(`about ${Math.ceil(total_s / 60)} minutes, as far as known`);
  return `${lines.join('\n')}\n`;
}
