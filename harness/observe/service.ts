import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { DEPLOYMENT, eventsOf, objectsOf, POD, recordWatches } from '#harness/kube/recording.ts';

/** Records every change of the Deployments, Pods and Events of a namespace without a rollout controller, as observer `kubernetes`. */
export async function observeService(
  { kube, namespace }: { readonly kube: KubeClient; readonly namespace: string },
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const kinds = [DEPLOYMENT, POD].map((kind) => objectsOf({ ...kind, namespace }));
  return await recordWatches(kube, 'kubernetes', [...kinds, eventsOf(namespace)], recorder);
}
