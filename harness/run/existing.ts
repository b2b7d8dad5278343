import { join } from 'node:path';
import { guardCluster } from '#harness/cluster/guard.ts';
import { clusterName } from '#harness/cluster/names.ts';
import { imagesOn, loadImage } from '#harness/cluster/node-images.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { currentPlan } from '#harness/images/artifacts.ts';
import { makeBuilder } from '#harness/images/builder.ts';
import { present } from '#harness/images/cache.ts';
import { archiveName, imageRef, type Plan } from '#harness/images/plan.ts';
import { shelf } from '#harness/images/places.ts';
import { kubeClient } from '#harness/kube/client.ts';
import type { ComponentName } from '#harness/stack/component.ts';
import { componentsOn, versionsOn } from './components-on.ts';
import type { ScenarioArtifacts } from './environment.ts';
import type { ClusterPlan } from './lanes.ts';
import type { Phases } from './phases.ts';

/** Images that scenarios run themselves, whatever parts the cluster has. */
const SCENARIO_IMAGES = ['shop', 'toxiproxy'] as const;

async function presentFolders(plan: Plan): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const [name, entry] of Object.entries(plan.folders)) {
    const path = await present('bin', entry);
    if (path !== undefined && plan.bom.folders[name]?.files !== undefined) found[name] = join(path, 'files');
  }
  return found;
}

/** A cluster that exists, with what is on it. */
export interface ExistingCluster {
  readonly cluster: RunningCluster;
  readonly components: readonly ComponentName[];
  readonly artifacts: ScenarioArtifacts;
}

/** @throws UnfitError when a scenario wants another version than runs */
function refuseVersions(
  plans: readonly ClusterPlan[],
  cluster: string,
  running: Readonly<Record<string, string>>,
): void {
  for (const { versions } of plans) {
    for (const [component, version] of Object.entries(versions)) {
      if (running[component] === version) continue;
      throw new UnfitError(
        `${component} ${version} is wanted, and ${running[component] ?? 'none'} runs on ${cluster}`,
        { next: 'run without --cluster, so that a cluster with that version is made' },
      );
    }
  }
}

/** @throws UnfitError when a scenario wants more nodes than there are */
function refuseNodes(plans: readonly ClusterPlan[], cluster: string, there: number): void {
  const wanted = Math.max(1, ...plans.map(({ nodes }) => nodes));
  if (wanted <= there) return;
  throw new UnfitError(`${wanted} nodes are wanted, and ${cluster} has ${there}`, {
    next: 'run without --cluster, so that a cluster with as many is made',
  });
}

/** What scenarios of a plan want that a cluster does not have. */
function missingOn(plans: readonly ClusterPlan[], there: readonly ComponentName[]): readonly string[] {
  const scenarios = plans.flatMap(({ side_by_side, alone }) => [...side_by_side, ...alone]);
  return scenarios.flatMap(({ name, header }) => {
    const missing = header.components.filter((one) => !there.includes(one));
    return missing.length === 0 ? [] : [`${name} needs ${missing.join(', ')}`];
  });
}

/** @throws UsageError for a scenario that has a cluster of its own, and may do to it what it likes */
function refuseOwn(plans: readonly ClusterPlan[], cluster: string): void {
  const [own] = plans.filter(({ shared }) => !shared).flatMap(({ alone }) => alone);
  if (own === undefined) return;
  throw new UsageError(`${own.name} wants a cluster of its own, so it does not run on ${cluster}`, {
    next: `run it without --cluster: mettle run ${own.name}`,
  });
}

/**
 * Proves that a named cluster is one to act on, and makes present what scenarios run on it: the load generator, and
 * their own images in its node. Nothing is installed on the cluster.
 * @throws UsageError for a scenario that wants a cluster of its own
 * @throws RefusedError for a cluster that Mettle neither made nor was given
 * @throws UnfitError when it does not answer, lacks a part, runs another version or has fewer nodes than a scenario wants
 */
export async function openExisting(
  named: string,
  plans: readonly ClusterPlan[],
  { phases, signal }: { readonly phases: Phases; readonly signal: AbortSignal },
): Promise<ExistingCluster> {
  const name = clusterName(named);
  refuseOwn(plans, name);
  const cluster = await guardCluster({ name });
  const plan = await currentPlan('auto');
  const artifacts = await phases.phase('Images', 'images', async (progress) => {
    const builder = makeBuilder(plan, { progress, signal });
    const on_node = await imagesOn(cluster);
    for (const image of SCENARIO_IMAGES) {
      if (on_node.has(imageRef(plan, image))) continue;
      progress(`bringing image ${image} to ${cluster.name}`);
      await builder.image(image);
      await loadImage(cluster, join(shelf('images'), archiveName(plan, image)), signal);
    }
    const images = Object.keys(plan.images).map((image) => [image, imageRef(plan, image)] as const);
    return {
      k6: join(await builder.folder('k6'), 'bin/k6'),
      images: Object.fromEntries(images),
      manifests: await presentFolders(plan),
      versions: Object.fromEntries(
        Object.entries(plan.bom.folders).map(([folder, { version }]) => [folder, version]),
      ),
    };
  });
  await using kube = kubeClient(cluster);
  const components = await componentsOn(kube, artifacts.manifests);
  const missing = missingOn(plans, components);
  if (missing.length > 0) {
    throw new UnfitError(`cluster ${name} lacks parts: ${missing.join('; ')}`, {
      next: `it has ${components.join(', ') || 'none'}; run without --cluster, or make one that has them: mettle cluster create --stack full`,
    });
  }
  const versions = { ...artifacts.versions, ...(await versionsOn(kube, components)) };
  refuseVersions(plans, name, versions);
  refuseNodes(plans, name, (await kube.list({ api_version: 'v1', kind: 'Node' })).length);
  return { cluster, components, artifacts: { ...artifacts, versions } };
}
