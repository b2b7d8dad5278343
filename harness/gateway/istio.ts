import { type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { type GatewayAdapter, PROCESSING_MS, sharesOf, type Split, type Weights } from './adapter.ts';
import { envoyWeights, istioCluster } from './envoy.ts';
import { podReader } from './pods.ts';

/** Longest time that istiod collects changes before it tells Envoy, in ms (`PILOT_DEBOUNCE_MAX`). */
const DEBOUNCE_MAX_MS = 10_000;

/** Port of the listener that lets reading questions through to Envoy's admin interface, as for Contour's Envoy. */
const READING_PORT = 9002;

const ISTIO = 'networking.istio.io/v1';

/** The Gateway that hosts are served by, as VirtualServices name it. */
export const ISTIO_GATEWAY = 'istio-system/mettle';

function to(service: string, weight: number): object {
  return { destination: { host: service, port: { number: 80 } }, weight };
}

function objects(split: Split, canary_pct: number): readonly KubeObject[] {
  const { namespace, name, host, primary, canary } = split;
  return [
    {
      apiVersion: ISTIO,
      kind: 'VirtualService',
      metadata: { name, namespace },
      spec: {
        gateways: [ISTIO_GATEWAY],
        hosts: [host],
        http: [{ name: 'split', route: [to(primary, 100 - canary_pct), to(canary, canary_pct)] }],
      },
    },
  ];
}

/** `shop-canary.shop.svc.cluster.local` and `shop-canary` are the same Service, seen from its namespace. */
function serviceOf(host: string, namespace: string): string {
  const [service = '', of_namespace = namespace] = host.split('.');
  return of_namespace === namespace ? service : '';
}

/**
 * The split of the first HTTP route that leads to the primary. Flagger and Argo Rollouts both write `http[].route[]` with
 * a weight for each destination; one destination alone has all the weight.
 */
export function virtualServiceWeights(split: Split, object: KubeObject): Weights | undefined {
  for (const http of listAt(object, 'spec', 'http')) {
    const routes = listAt(http, 'route');
    const destinations = routes.map((route) => ({
      service: serviceOf(textAt(route, 'destination', 'host') ?? '', split.namespace),
      weight: numberAt(route, 'weight') ?? (routes.length === 1 ? 100 : 0),
    }));
    if (!destinations.some(({ service }) => service === split.primary)) continue;
    const weights = sharesOf(split, destinations);
    if (weights) return weights;
  }
  return undefined;
}

/**
 * Istio: VirtualServices declare weights. Its data plane cannot be built without a registry, so what is read live was
 * never compared with a running gateway of Istio's; the objects were, with its definitions.
 */
export const istioGateway: GatewayAdapter = {
  name: 'istio',
  published: 'gateway',
  declares: { api_version: ISTIO, kind: 'VirtualService' },
  follows: {
    within_ms: DEBOUNCE_MAX_MS + PROCESSING_MS,
    derivation: `istiod collects changes for up to ${DEBOUNCE_MAX_MS} ms, and ${PROCESSING_MS} ms to build and take a configuration`,
  },
  objects,
  declared: virtualServiceWeights,
  live: (kube) =>
    podReader(kube, {
      namespace: 'istio-system',
      labels: 'app=istio-gateway',
      port: READING_PORT,
      path: '/config_dump',
      query: { resource: 'dynamic_route_configs' },
      weights: (split, answer) => envoyWeights(split, answer, istioCluster),
    }),
};
