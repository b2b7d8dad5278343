import { listAt, nameOf, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { Change } from '#harness/kube/known-objects.ts';
import {
  CANARY,
  DEPLOYMENT,
  eventsOf,
  objectsOf,
  POD,
  type Recorded,
  recordWatches,
} from '#harness/kube/recording.ts';

/** Records every change of the Canaries, Deployments, Pods and Events of a namespace, as observer `kubernetes`. */
export async function observeKubernetes(
  kube: KubeClient,
  namespace: string,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const kinds = [CANARY, DEPLOYMENT, POD].map((kind) => objectsOf({ ...kind, namespace }));
  return await recordWatches(kube, 'kubernetes', [...kinds, eventsOf(namespace)], recorder);
}

interface Weights {
  readonly primary_pct: number;
  readonly canary_pct: number;
}

/**
 * The split that a TraefikService declares, in percent. Weights count in relation to each other, and a canary that
 * is not listed has none. Undefined when it lists no primary.
 */
export function declaredWeights(app: string, change: Pick<Change, 'object'>): Weights | undefined {
  let primary: number | undefined;
  let canary = 0;
  for (const service of listAt(change.object, 'spec', 'weighted', 'services')) {
    const weight = numberAt(service, 'weight') ?? 1;
    if (textAt(service, 'name') === `${app}-primary`) primary = weight;
    if (textAt(service, 'name') === `${app}-canary`) canary = weight;
  }
  if (primary === undefined || primary + canary === 0) return undefined;
  const canary_pct = (100 * canary) / (primary + canary);
  return { primary_pct: 100 - canary_pct, canary_pct };
}

/** Records each change of the declared weights of an application, as observer `gateway`. */
export async function observeGateway(
  kube: KubeClient,
  { namespace, app }: { readonly namespace: string; readonly app: string },
  recorder: Recorder,
): Promise<AsyncDisposable> {
  let last: Weights | undefined;
  const weights: Recorded = {
    selection: { api_version: 'traefik.io/v1alpha1', kind: 'TraefikService', namespace, name: app },
    drafts(change) {
      const data = change.verb === 'deleted' ? undefined : declaredWeights(app, change);
      if (data === undefined || data.canary_pct === last?.canary_pct) return [];
      last = data;
      return [{ source: 'gateway', kind: 'weight', subject: nameOf(change.object), data }];
    },
  };
  return await recordWatches(kube, 'gateway', [weights], recorder);
}
