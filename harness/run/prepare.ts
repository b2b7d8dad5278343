import { createCluster, type OwnCluster } from '#harness/cluster/create.ts';
import type { ImageMode } from '#harness/config/config.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { buildHostTool } from '#harness/images/go-build.ts';
import { ensureMachine } from '#harness/machine/ensure.ts';
import { installStack } from '#harness/stack/stack.ts';
import type { Phases } from './phases.ts';

export interface MachineOptions {
  readonly install: boolean;
  readonly images: ImageMode;
  readonly registry: string | undefined;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Upper bounds of the phases, in seconds: generous, so that only what hangs is cut off. */
const BUDGET_S = { images: 3600, cluster: 180, stack: 180 } as const;

/** A signal that follows the run's and also ends with the phase's budget. */
function within(signal: AbortSignal, budget_s: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(budget_s * 1000)]);
}

/** The machine made fit and the images made present. */
export async function prepareImages(options: MachineOptions): Promise<Artifacts> {
  const { phases, signal } = options;
  await phases.phase('Machine', 'machine', (progress) =>
    ensureMachine({
      install: options.install,
      progress,
      build: options.images !== 'pull',
      buildWrapper: (line) => buildHostTool('runc-fit', line, signal),
    }),
  );
  return phases.phase('Images', 'images', (progress) =>
    prepareArtifacts({
      mode: options.images,
      ...(options.registry === undefined ? {} : { registry: options.registry }),
      progress,
      signal: within(signal, BUDGET_S.images),
    }),
  );
}

/** A cluster with the stack installed. Disposing of it removes the cluster unless it is to be kept. */
export async function prepareCluster(
  artifacts: Artifacts,
  options: {
    readonly phases: Phases;
    readonly signal: AbortSignal;
    readonly keep: boolean;
    readonly name?: string;
  },
): Promise<OwnCluster> {
  const { phases, signal } = options;
  const cluster = await phases.phase('Cluster', 'cluster', (progress) =>
    createCluster({
      ...(options.name === undefined ? {} : { name: options.name }),
      artifacts,
      keep: options.keep,
      progress,
      signal: within(signal, BUDGET_S.cluster),
    }),
  );
  try {
    await phases.phase('Stack', 'stack', (progress) =>
      installStack({ cluster, artifacts, progress, signal: within(signal, BUDGET_S.stack) }),
    );
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}
