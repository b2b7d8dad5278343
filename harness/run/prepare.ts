import { createCluster, type OwnCluster } from '#harness/cluster/create.ts';
import type { HostPorts } from '#harness/cluster/kind-config.ts';
import type { NodeMount, RunningCluster } from '#harness/cluster/types.ts';
import type { ImageMode } from '#harness/config/config.ts';
import { messageOf, MettleError, UnfitError } from '#harness/core/errors.ts';
import { collectInstallation } from '#harness/evidence/installation.ts';
import { type Artifacts, fetchesWheel, prepareArtifacts } from '#harness/images/artifacts.ts';
import { buildHostTool } from '#harness/images/go-build.ts';
import type { Wanted } from '#harness/images/selection.ts';
import { ensureMachine } from '#harness/machine/ensure.ts';
import { GIT_PACKAGES, type NeededPackage, WHEEL_PACKAGES } from '#harness/machine/packages.ts';
import type { Component, ComponentName } from '#harness/stack/component.ts';
import { definitionsFor, imagesFor, resolveComponents } from '#harness/stack/profiles.ts';
import { installStack } from '#harness/stack/stack.ts';
import type { Phases } from './phases.ts';

export interface MachineOptions {
  readonly install: boolean;
  readonly images: ImageMode;
  readonly registry: string | undefined;
  /** The parts that will be installed; what no part needs is not built. The profile `flagger` when absent. */
  readonly components?: readonly ComponentName[];
  /** Locked versions other than the first of a component, by component. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Upper bounds of the phases, in seconds: generous, so that only what hangs is cut off. */
const BUDGET_S = { images: 3600, cluster: 180, stack: 180 } as const;

const DEFAULT_STACK = ['flagger'] as const;
/** Images of the scenarios' own. */
export const SHOP_IMAGES = ['shop', 'toxiproxy'] as const;

/** What of the bill of materials some components need, with the images of the scenarios' own. */
export function wantedOf(components: readonly Component[]): Pick<Wanted, 'images' | 'definitions'> {
  return { images: [...imagesFor(components), ...SHOP_IMAGES], definitions: definitionsFor(components) };
}

/** A signal that follows the run's and also ends with the phase's budget. */
function within(signal: AbortSignal, budget_s: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(budget_s * 1000)]);
}

/** The machine made fit and the images of the chosen components made present. */
export async function prepareImages(options: MachineOptions): Promise<Artifacts> {
  const { versions } = options;
  const components = resolveComponents(options.components ?? DEFAULT_STACK);
  return await preparePresent({
    ...options,
    wanted: { ...wantedOf(components), ...(versions === undefined ? {} : { versions }) },
    packages: components.some(({ name }) => name === 'git') ? GIT_PACKAGES : [],
  });
}

/** The machine made fit and parts of the bill of materials made present. */
export async function preparePresent(
  options: Omit<MachineOptions, 'components' | 'versions'> & {
    readonly wanted: Wanted;
    /** Debian packages that their use needs on this machine. */
    readonly packages?: readonly NeededPackage[];
  },
): Promise<Artifacts> {
  const { phases, signal, wanted, packages = [] } = options;
  const build = options.images !== 'pull';
  const wheel = build && (await fetchesWheel(wanted.images));
  await phases.phase('Machine', 'machine', (progress) =>
    ensureMachine({
      install: options.install,
      progress,
      build,
      packages: [...packages, ...(wheel ? WHEEL_PACKAGES : [])],
      buildWrapper: (line) => buildHostTool('runc-fit', line, signal),
    }),
  );
  return await phases.phase('Images', 'images', (progress) =>
    prepareArtifacts({
      ...wanted,
      mode: options.images,
      ...(options.registry === undefined ? {} : { registry: options.registry }),
      progress,
      signal: within(signal, BUDGET_S.images),
    }),
  );
}

export interface ClusterOptions {
  readonly phases: Phases;
  readonly signal: AbortSignal;
  readonly keep: boolean;
  readonly name?: string;
  /** What to install, with what it needs; the profile `flagger` when absent. */
  readonly components?: readonly ComponentName[];
  /** Ports on 127.0.0.1 that the caller insists on; free ones where absent. */
  readonly ports?: Partial<HostPorts>;
  /** 1 when absent. */
  readonly nodes?: number;
  /** Folders of this machine that the nodes have. */
  readonly mounts?: readonly NodeMount[];
  /** What else to do before the cluster counts as ready, in a phase of its own. */
  readonly afterwards?: (cluster: RunningCluster) => Promise<void>;
}

/** A cluster with the stack installed. Disposing of it removes the cluster unless it is to be kept. */
export async function prepareCluster(artifacts: Artifacts, options: ClusterOptions): Promise<OwnCluster> {
  const { phases, signal } = options;
  const cluster = await phases.phase('Cluster', 'cluster', (progress) =>
    createCluster({
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.ports === undefined ? {} : { ports: options.ports }),
      ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
      ...(options.mounts === undefined ? {} : { mounts: options.mounts }),
      artifacts,
      keep: false,
      progress,
      signal: within(signal, BUDGET_S.cluster),
    }),
  );
  try {
    await prepareStack(cluster, artifacts, options);
    await options.afterwards?.(cluster);
    // Only now is it worth keeping: a cluster without its stack is of no use to anyone.
    if (options.keep) await cluster.keep();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/**
 * Installs the chosen parts on a cluster. When that fails, evidence is collected before the error is thrown on, and the
 * error says where it lies.
 */
export async function prepareStack(
  cluster: RunningCluster,
  artifacts: Pick<Artifacts, 'images' | 'manifests'>,
  options: Pick<ClusterOptions, 'phases' | 'signal' | 'components'>,
): Promise<void> {
  const { phases, signal } = options;
  const components = resolveComponents(options.components ?? DEFAULT_STACK);
  await phases.phase('Stack', 'stack', async (progress) => {
    const started = new Date();
    try {
      await installStack({
        cluster,
        components,
        artifacts,
        progress,
        signal: within(signal, BUDGET_S.stack),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      progress('the installation failed; collecting evidence');
      const folder = await collectInstallation({ cluster, components, artifacts, since: started });
      throw withEvidence(error, folder);
    }
  });
}

/** The same error with the path of the evidence in its next step. */
function withEvidence(error: unknown, folder: string): unknown {
  const evidence = `Evidence: ${folder}`;
  if (error instanceof MettleError) {
    return Object.assign(error, { next: error.next === undefined ? evidence : `${error.next}\n${evidence}` });
  }
  return new UnfitError(`the stack could not be installed: ${messageOf(error)}`, {
    cause: error,
    next: evidence,
  });
}
