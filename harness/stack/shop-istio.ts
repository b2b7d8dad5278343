import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Split } from '#harness/gateway/adapter.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { type Release, SHOP, shopHost, shopManifests, withReplicas } from './shop-manifests.ts';

/** Name of the shop that Argo Rollouts rolls out, beside the one that Flagger does. */
export const ARGO_SHOP = `${SHOP}-argo`;

/** Seconds that Argo Rollouts holds a weight: long enough for every watcher to see it. */
const HOLD_S = 3;

/** The split that Flagger declares to Istio. */
export function flaggerSplit(namespace: string): Split {
  return {
    namespace,
    name: SHOP,
    host: shopHost(namespace),
    primary: `${SHOP}-primary`,
    canary: `${SHOP}-canary`,
  };
}

/** The split that Argo Rollouts declares to Istio. */
export function argoSplit(namespace: string): Split {
  return {
    namespace,
    name: ARGO_SHOP,
    host: `${ARGO_SHOP}.${namespace}.test`,
    primary: `${ARGO_SHOP}-stable`,
    canary: `${ARGO_SHOP}-canary`,
  };
}

function record(value: unknown): Record<string, unknown> {
  return { ...Object(value) };
}

/** The pod template of the shop's Deployment, rolled out by Argo Rollouts through a VirtualService. */
function rolloutFrom(
  { object, position }: Manifest,
  namespace: string,
  steps_pct: readonly number[],
): Manifest {
  const { primary, canary, name } = argoSplit(namespace);
  const template = record(record(object['spec'])['template']);
  const metadata = record(template['metadata']);
  const steps = steps_pct.flatMap((weight) => [{ setWeight: weight }, { pause: { duration: `${HOLD_S}s` } }]);
  const rollout: KubeObject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 1,
      selector: { matchLabels: { app: name } },
      template: {
        ...template,
        metadata: { ...metadata, labels: { ...record(metadata['labels']), app: name } },
      },
      strategy: {
        canary: {
          stableService: primary,
          canaryService: canary,
          scaleDownDelaySeconds: 1,
          trafficRouting: { istio: { virtualService: { name, routes: ['primary'] } } },
          steps,
        },
      },
    },
  };
  return { object: rollout, position };
}

/** Both shops at a release: what changes with a release alone, or all that is around them too. */
export async function istioShops(
  ctx: StackContext,
  release: Release,
  { steps_pct, first }: { readonly steps_pct: readonly number[]; readonly first: boolean },
): Promise<readonly Manifest[]> {
  const { namespace } = release;
  const shop = { ...release, controller: 'none' } as const;
  const documents = await shopManifests(ctx, shop, first ? ['namespace', 'release'] : ['release']);
  const deployments = await shopManifests(ctx, shop, ['deployment']);
  const around = first ? await manifestsOf(ctx, 'shop-istio', { namespace }) : [];
  return [
    ...documents,
    ...deployments.map((one) => (first ? withReplicas(one, 1) : one)),
    ...deployments.map((one) => rolloutFrom(one, namespace, steps_pct)),
    ...around,
  ];
}
