import { type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { type GatewayAdapter, PROCESSING_MS, sharesOf, type Split, type Weights } from './adapter.ts';
import { contourCluster, envoyWeights } from './envoy.ts';
import { podReader } from './pods.ts';

/** Longest time that Contour collects changes before it tells Envoy, in ms (`HoldoffMaxDelay`, cmd/contour/serve.go). */
const HOLDOFF_MAX_MS = 500;

/** Port of the listener that lets two reading questions through to Envoy's admin interface. */
const READING_PORT = 9002;

const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/** The Gateway that routes belong to. */
export const CONTOUR_GATEWAY = { namespace: 'contour', name: 'contour' } as const;

function objects(split: Split, canary_pct: number): readonly KubeObject[] {
  const { namespace, name, host, primary, canary } = split;
  return [
    {
      apiVersion: GATEWAY_API,
      kind: 'HTTPRoute',
      metadata: { name, namespace },
      spec: {
        parentRefs: [CONTOUR_GATEWAY],
        hostnames: [host],
        rules: [
          {
            backendRefs: [
              { name: primary, port: 80, weight: 100 - canary_pct },
              { name: canary, port: 80, weight: canary_pct },
            ],
          },
        ],
      },
    },
  ];
}

/** The split of the first rule that lists the primary; a reference without a weight has 1 (Gateway API). */
export function httpRouteWeights(split: Split, object: KubeObject): Weights | undefined {
  for (const rule of listAt(object, 'spec', 'rules')) {
    const destinations = listAt(rule, 'backendRefs').map((reference) => ({
      service: textAt(reference, 'name') ?? '',
      weight: numberAt(reference, 'weight') ?? 1,
    }));
    if (!destinations.some(({ service }) => service === split.primary)) continue;
    const weights = sharesOf(split, destinations);
    if (weights) return weights;
  }
  return undefined;
}

/** Contour and Envoy: HTTPRoutes of the Gateway API declare weights. */
export const contourGateway: GatewayAdapter = {
  name: 'contour',
  published: 'contour',
  declares: { api_version: GATEWAY_API, kind: 'HTTPRoute' },
  follows: {
    within_ms: HOLDOFF_MAX_MS + PROCESSING_MS,
    derivation: `Contour collects changes for up to ${HOLDOFF_MAX_MS} ms, and ${PROCESSING_MS} ms to build and take a configuration`,
  },
  objects,
  declared: httpRouteWeights,
  live: (kube) =>
    podReader(kube, {
      namespace: 'contour',
      labels: 'app=envoy',
      port: READING_PORT,
      path: '/config_dump',
      query: { resource: 'dynamic_route_configs' },
      weights: (split, answer) => envoyWeights(split, answer, contourCluster),
    }),
};
