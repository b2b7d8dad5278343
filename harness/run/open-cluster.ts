import type { Cluster } from '#harness/cluster/types.ts';
import type { Progress } from '#harness/core/progress.ts';
import { prepareArtifacts } from '#harness/images/artifacts.ts';
import { resolveComponents } from '#harness/stack/profiles.ts';
import type { PreparedMachine, ScenarioEnvironment } from './environment.ts';
import type { Versions } from './lanes.ts';
import type { Phases } from './phases.ts';
import { prepareCluster, wantedOf } from './prepare.ts';

/** What a further cluster is to have. */
export interface OpenClusterOptions {
  /** Components and profiles; those of the scenario's own cluster when absent. */
  readonly needs?: readonly string[];
  /** Versions other than the first of the lock; the scenario's file must name them, so that they are built before. */
  readonly versions?: Versions;
}

/** A further cluster of a scenario. Disposing of it removes it. */
export interface OpenedCluster extends AsyncDisposable {
  /** What a run on it is given. */
  readonly environment: ScenarioEnvironment;
}

/** The part of a cluster that crosses to a worker. */
export function plainCluster({ name, uid, api_server, kubeconfig, ports }: Cluster): Cluster {
  return { name, uid, api_server, kubeconfig, ports };
}

/** Phases of a scenario's own: their lines go where the scenario's go. */
function phasesOf(progress: Progress): Phases {
  return {
    phase: (title, _key, act) => {
      progress(title);
      return act((line) => progress(`${title}: ${line}`));
    },
    say: progress,
  };
}

/**
 * Makes a further cluster beside the scenario's own, with a stack of its own.
 * @throws UsageError for an unknown component or version; otherwise as `prepareCluster`
 */
export async function openCluster(
  environment: PreparedMachine,
  { needs, versions = {} }: OpenClusterOptions,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<OpenedCluster> {
  const components = resolveComponents(needs ?? environment.components);
  const names = components.map(({ name }) => name);
  const made = await prepareArtifacts({
    ...environment.image_source,
    ...wantedOf(components),
    versions,
    progress,
    signal,
  });
  const cluster = await prepareCluster(made, {
    phases: phasesOf(progress),
    signal,
    keep: environment.keep === 'always',
    components: names,
  });
  const { k6, images, manifests } = made;
  let closed = false;
  return {
    environment: {
      ...environment,
      cluster: plainCluster(cluster),
      components: names,
      k6,
      images,
      manifests,
      versions: made.versions,
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      await cluster[Symbol.asyncDispose]();
    },
  };
}
