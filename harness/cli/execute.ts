import { join } from 'node:path';
import type { OwnCluster } from '#harness/cluster/create.ts';
import type { Cluster } from '#harness/cluster/types.ts';
import { CleanupError, messageOf } from '#harness/core/errors.ts';
import { sweep } from '#harness/faults/sweep.ts';
import type { Artifacts } from '#harness/images/artifacts.ts';
import { ROOT } from '#harness/run/catalogue.ts';
import type { PreparedMachine, ScenarioArtifacts } from '#harness/run/environment.ts';
import { openExisting } from '#harness/run/existing.ts';
import { type ClusterPlan, imageSets, sameVersions, type Versions } from '#harness/run/lanes.ts';
import { plainCluster } from '#harness/run/open-cluster.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';
import type { ComponentName } from '#harness/stack/component.ts';
import type { CliContext } from './context.ts';
import { runOnCluster } from './run-on-cluster.ts';
import type { RunPlan } from './run-plan.ts';

export interface ExecuteOptions {
  /** Consent to install what is missing. */
  readonly install: boolean;
  /** Flags for vitest itself. */
  readonly vitest_flags: readonly string[];
}

/** Prepares the machine and the clusters of the plan, runs the scenarios on them and writes their reports. */
export async function execute(
  plan: RunPlan,
  options: ExecuteOptions,
  context: CliContext,
): Promise<readonly ScenarioResult[]> {
  await sweep({ progress: (line) => context.phases.say(line) });
  if (plan.cluster !== undefined) return await onExisting(plan.cluster, plan, options, context);
  const artifacts = await allImages(plan, options, context);
  const results: ScenarioResult[] = [];
  for (const cluster of plan.clusters) {
    try {
      await onOwn(cluster, artifacts(cluster), results, { plan, options, context });
    } catch (error) {
      // What was found so far is worth more than the reason why the rest was not run.
      if (context.signal.aborted || results.length === 0 || error instanceof CleanupError) throw error;
      const missing = [...cluster.side_by_side, ...cluster.alone].filter(
        ({ name }) => !results.some(({ scenario }) => scenario === name),
      );
      context.phases.say(
        `not run, because ${messageOf(error)}: ${missing.map(({ name }) => name).join(', ')}`,
      );
      results.push(...missing.map(({ name, promises }) => notRun(name, promises[0] ?? name, error)));
    }
  }
  return results;
}

function notRun(scenario: string, title: string, error: unknown): ScenarioResult {
  return { scenario, title, outcome: 'inconclusive', duration_s: 0, errors: [messageOf(error)] };
}

/** Makes the images of every cluster of the plan ready, and says which are whose. */
async function allImages(
  plan: RunPlan,
  { install }: ExecuteOptions,
  { phases, signal }: CliContext,
): Promise<(cluster: ClusterPlan) => Artifacts> {
  const sets: { readonly versions: Versions; readonly artifacts: Artifacts }[] = [];
  for (const { versions, components } of imageSets(plan.clusters)) {
    const artifacts = await prepareImages({
      install,
      images: plan.images,
      registry: plan.registry,
      components,
      versions,
      phases,
      signal,
    });
    sets.push({ versions, artifacts });
  }
  return (cluster) => {
    const found = sets.find(({ versions }) => sameVersions(versions, cluster.versions));
    if (found === undefined) throw new Error('no images were made ready for a cluster of the plan');
    return found.artifacts;
  };
}

/** What scenarios are given, beside their cluster and its parts. */
function environmentOf(
  plan: RunPlan,
  cluster: Cluster | undefined,
  components: readonly ComponentName[],
  artifacts: ScenarioArtifacts,
): PreparedMachine {
  const { k6, images, manifests, versions } = artifacts;
  return {
    ...(cluster === undefined ? {} : { cluster: plainCluster(cluster) }),
    components,
    k6,
    images,
    manifests,
    versions,
    image_source: {
      mode: plan.images,
      ...(plan.registry === undefined ? {} : { registry: plan.registry }),
    },
    seed: plan.seed,
    out_dir: join(ROOT, 'reports', 'out'),
    keep: plan.keep,
    ...(plan.load === undefined ? {} : { load: plan.load }),
  };
}

interface Running {
  readonly plan: RunPlan;
  readonly options: ExecuteOptions;
  readonly context: CliContext;
}

/** Makes a cluster, runs what belongs on it, and gives it back. */
async function onOwn(
  planned: ClusterPlan,
  artifacts: Artifacts,
  results: ScenarioResult[],
  { plan, options, context }: Running,
): Promise<void> {
  const { phases, signal } = context;
  const { components } = planned;
  if (planned.by_scenario) {
    const environment = environmentOf(plan, undefined, components, artifacts);
    await runOnCluster(planned, { environment, plan, results, ...options }, context);
    return;
  }
  const cluster = await prepareCluster(artifacts, {
    phases,
    signal,
    keep: plan.keep === 'always',
    components,
    nodes: planned.nodes,
  });
  const before = results.length;
  try {
    const environment = environmentOf(plan, cluster, components, artifacts);
    await runOnCluster(planned, { environment, plan, results, ...options }, context);
  } finally {
    const here = results.slice(before);
    const failed =
      here.length === 0 || here.some((result) => result.outcome !== 'pass' && result.run_again !== true);
    if (plan.keep === 'on-failure' && failed && !signal.aborted) {
      await cluster.keep();
      phases.say(
        `kept: KUBECONFIG=${cluster.kubeconfig}; remove it with: mettle cluster delete ${cluster.name}`,
      );
    }
    await phases.phase('Clean-up', 'clean-up', () => giveBack(cluster));
  }
}

/** Runs everything on a cluster that exists, and leaves it there. */
async function onExisting(
  name: string,
  plan: RunPlan,
  options: ExecuteOptions,
  context: CliContext,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const { cluster, components, artifacts } = await openExisting(name, plan.clusters, context);
  const environment = environmentOf(plan, cluster, components, artifacts);
  for (const planned of plan.clusters) {
    await runOnCluster(planned, { environment, plan, results, ...options }, context);
  }
  return results;
}

async function giveBack(cluster: OwnCluster): Promise<void> {
  try {
    await cluster[Symbol.asyncDispose]();
  } catch (error) {
    throw new CleanupError(`cluster ${cluster.name} could not be removed: ${messageOf(error)}`, {
      next: 'run `mettle cleanup`; the warden tries it too',
      cause: error,
    });
  }
}
