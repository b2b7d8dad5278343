import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import {
  ANALYSIS_RUN,
  CANARY,
  DEPLOYMENT,
  eventsOf,
  objectsOf,
  POD,
  recordWatches,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '#harness/kube/recording.ts';

/** What each controller keeps the state of a rollout in. */
const KINDS = { flagger: [CANARY], 'argo-rollouts': [ROLLOUT, ANALYSIS_RUN, REPLICA_SET, SERVICE] } as const;

/**
 * Records every change of the objects of a rollout, and of the Deployments, Pods and Events of its namespace, as
 * observer `kubernetes`.
 */
export async function observeKubernetes(
  kube: KubeClient,
  { namespace, controller }: Pick<RolloutSpec, 'namespace' | 'controller'>,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const kinds = [...KINDS[controller], DEPLOYMENT, POD].map((kind) => objectsOf({ ...kind, namespace }));
  return await recordWatches(kube, 'kubernetes', [...kinds, eventsOf(namespace)], recorder);
}
