import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import {
  CONFIG_MAP,
  GIT_REPOSITORY,
  KUSTOMIZATION,
  objectsOf,
  recordWatches,
} from '#harness/kube/recording.ts';

/** What a delivery from Git is made of: where it comes from, what applies it, and the configuration that it writes. */
const DELIVERED = [
  GIT_REPOSITORY,
  KUSTOMIZATION,
  { api_version: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' },
  CONFIG_MAP,
] as const;

/** Records every change of Flux's objects and of the config maps of a namespace, as observer `flux`. */
export async function observeDelivery(
  kube: KubeClient,
  namespace: string,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const recorded = DELIVERED.map((kind) => objectsOf({ ...kind, namespace }));
  return await recordWatches(kube, 'flux', recorded, recorder);
}
