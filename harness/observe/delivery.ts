import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { objectsOf, recordWatches } from '#harness/kube/recording.ts';

/** What a delivery from Git is made of: where it comes from, what applies it, and the configuration that it writes. */
const DELIVERED = [
  { api_version: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository' },
  { api_version: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' },
  { api_version: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' },
  { api_version: 'v1', kind: 'ConfigMap' },
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
