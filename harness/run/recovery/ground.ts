/** What a recovery stands on: what is off-site, and the repository that the whole cluster is made from. */
import { type OwnCluster, createCluster } from '#harness/cluster/create.ts';
import { guardCluster } from '#harness/cluster/guard.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { BackupMethod } from '#harness/core/recovery.ts';
import { beginRepository, type Pushed } from '#harness/git/checkout.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { beginOffsite, type Offsite } from '#harness/offsite/offsite.ts';
import { BACKUPS_ON_NODE } from '#harness/offsite/places.ts';
import type { Component, StackContext } from '#harness/stack/component.ts';
import { bootstrapFleet } from '#harness/stack/fleet-bootstrap.ts';
import { sealedSecrets } from '#harness/stack/fleet-secrets.ts';
import { type Fleet, fleetFiles, fleetParts } from '#harness/stack/fleet.ts';
import { untilFleetReady } from '#harness/stack/fleet-watch.ts';
import { postgresWithBackup } from '#harness/stack/postgres-backup.ts';
import { resolveComponents } from '#harness/stack/profiles.ts';
import type { PreparedMachine } from '../environment.ts';
import { releaseDocument } from '../on-cluster.ts';
import { wantedOf } from '../prepare.ts';
import { STABLE } from '../rollout-run.ts';
import { REPOSITORY } from './fleet-repository.ts';

/** Longest time until everything that comes from Git is ready, in seconds. */
export const FLEET_READY_S = 240;

/** How whoever makes a ground is told of it, and stops it. */
export interface Making {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What is off-site, and a cluster without anything in it. Giving it back removes both. */
export interface Ground extends AsyncDisposable {
  readonly offsite: Offsite;
  readonly artifacts: Artifacts;
  readonly components: readonly Component[];
  readonly cluster: OwnCluster;
}

/** A cluster that holds what its repository says. */
export interface FleetGround extends Ground {
  readonly fleet: Fleet;
  /** The commit that it was made from. */
  readonly pushed: Pushed;
}

/** A client of a cluster, with what the stack is installed by. */
export interface Reached extends AsyncDisposable {
  readonly cluster: RunningCluster;
  readonly kube: KubeClient;
  readonly ctx: StackContext;
}

/**
 * Makes what is off-site, with a watch if it is to be watched from there, and a cluster that reaches it. The images are present:
 * the run made them ready.
 * @throws as `beginOffsite` and `createCluster`
 */
export async function beginGround(
  machine: PreparedMachine,
  backup: BackupMethod,
  { progress, signal, watched = false }: Making & { readonly watched?: boolean },
): Promise<Ground> {
  const chosen = resolveComponents(machine.components);
  const components = chosen.map((one) =>
    one.name === 'postgres' ? postgresWithBackup({ method: backup, store_node_path: BACKUPS_ON_NODE }) : one,
  );
  await using kept = new AsyncDisposableStack();
  const artifacts = await prepareArtifacts({
    ...machine.image_source,
    ...wantedOf(components),
    progress,
    signal,
  });
  const images = machine.image_source;
  const offsite = kept.use(await beginOffsite({ images, progress, signal, watch: watched }));
  const cluster = kept.use(
    await createCluster({
      artifacts,
      mounts: offsite.mounts,
      keep: machine.keep === 'always',
      progress,
      signal,
    }),
  );
  const all = kept.move();
  return {
    offsite,
    artifacts,
    components,
    cluster,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Reaches a cluster anew: clients, guards and watches of one that was lost are of no use for the one in its place. */
export async function reach(
  { artifacts, components }: Pick<Ground, 'artifacts' | 'components'>,
  name: string,
  { progress, signal }: Making,
): Promise<Reached> {
  const cluster = await guardCluster({ name });
  const kube = kubeClient(cluster);
  const { images, manifests } = artifacts;
  const names = components.map((one) => one.name);
  const ctx: StackContext = { kube, artifacts: { images, manifests }, components: names, progress, signal };
  return { cluster, kube, ctx, [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose]() };
}

/**
 * Writes down in Git what the cluster is to be, with the shop of a namespace, and seals the Secrets that go with it.
 * @throws CommandError when the Git server refuses
 */
export async function declareFleet(
  ground: Ground,
  { ctx, cluster }: Reached,
  namespace: string,
): Promise<FleetGround> {
  const { offsite, artifacts, components } = ground;
  // The network of a cluster outlives it, so that this is done once.
  await offsite.connect(cluster);
  const shop = {
    namespace,
    release: STABLE,
    document: await releaseDocument('good', STABLE),
    controller: 'flagger',
    database: true,
  } as const;
  const fleet: Fleet = { components, definitions: artifacts.manifests, shop };
  const credentials = offsite.remote(REPOSITORY);
  const secrets = await sealedSecrets(ctx, { components, shop, credentials });
  await offsite.seal(secrets);
  await using checkout = await beginRepository(credentials);
  const files = await fleetFiles(ctx, fleet);
  const pushed = await checkout.push({ message: `The cluster, with release ${STABLE} of the shop`, files });
  return { ...ground, fleet, pushed };
}

/** Lets a cluster be what Git says, by hand as far as Flux is concerned: it returns when Flux is at work. */
export async function bootstrap({ offsite, artifacts }: Ground, { ctx }: Reached): Promise<void> {
  await bootstrapFleet(ctx, {
    url: offsite.repositoryUrl(REPOSITORY),
    secrets: await offsite.unseal(),
    definitions: artifacts.manifests,
  });
}

/** Waits until everything that comes from Git is ready; each part is a step of the timeline when a recorder is given. */
export async function untilAllReady(
  { fleet, pushed }: FleetGround,
  { ctx }: Reached,
  recorder?: Parameters<typeof untilFleetReady>[1]['recorder'],
): Promise<void> {
  await untilFleetReady(ctx, {
    parts: fleetParts(fleet),
    revision: pushed.commit.revision,
    deadline_s: FLEET_READY_S,
    ...(recorder ? { recorder } : {}),
  });
}
