import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import {
  type GatewayAdapter,
  NOTHING,
  PROCESSING_MS,
  sharesOf,
  type Split,
  type Weights,
} from './adapter.ts';
import { podReader } from './pods.ts';

/** Traefik takes a new configuration at most once in this time, in ms (`providers.providersThrottleDuration`). */
export const TRAEFIK_THROTTLE_MS = 100;

/** Port of its API, which only reads and is published nowhere. */
const API_PORT = 8080;

const TRAEFIK = 'traefik.io/v1alpha1';

function objects(split: Split, canary_pct: number): readonly KubeObject[] {
  const { namespace, name, host, primary, canary } = split;
  const metadata = { name, namespace };
  const services = [
    { name: primary, port: 80, weight: 100 - canary_pct },
    { name: canary, port: 80, weight: canary_pct },
  ];
  return [
    { apiVersion: TRAEFIK, kind: 'TraefikService', metadata, spec: { weighted: { services } } },
    {
      apiVersion: TRAEFIK,
      kind: 'IngressRoute',
      metadata,
      spec: {
        entryPoints: ['web'],
        routes: [
          {
            kind: 'Rule',
            match: `Host(\`${host}\`)`,
            services: [{ kind: 'TraefikService', name, port: 80 }],
          },
        ],
      },
    },
  ];
}

/** Weights count in relation to each other; a service without one has 1, and one that is not listed none. */
function declared(split: Split, object: KubeObject): Weights | undefined {
  const destinations = listAt(object, 'spec', 'weighted', 'services').map((service) => ({
    service: textAt(service, 'name') ?? '',
    weight: numberAt(service, 'weight') ?? 1,
  }));
  if (!destinations.some(({ service }) => service === split.primary)) return undefined;
  return sharesOf(split, destinations);
}

/** A name without the provider that Traefik adds to it. */
function plain(name: string): string {
  return name.replace(/@.*$/, '');
}

/**
 * What an answer of `/api/rawdata` says of a split: the router of the host, the service it leads to, and the services
 * among which that one splits. Traefik names them `namespace-service-port` and adds the provider to most.
 */
export function traefikWeights(split: Split, answer: unknown): Weights {
  const { namespace, host } = split;
  const routers = Object.values(Object(at(answer, 'routers')));
  const router = routers.find(
    (one) => textAt(one, 'rule')?.includes(`Host(\`${host}\`)`) && textAt(one, 'status') === 'enabled',
  );
  const leads_to = textAt(router, 'service');
  if (leads_to === undefined) return NOTHING;
  const services = new Map(
    Object.entries(Object(at(answer, 'services'))).map(([name, service]) => [plain(name), service]),
  );
  const serviceOf = (name: string): string => {
    const own = plain(name);
    return own.startsWith(`${namespace}-`)
      ? own.slice(namespace.length + 1).replace(/-(?:\d+|http)$/, '')
      : '';
  };
  const weighted = listAt(services.get(plain(leads_to)), 'weighted', 'services');
  const destinations =
    weighted.length === 0
      ? [{ service: serviceOf(leads_to), weight: 1 }]
      : weighted.map((one) => ({
          service: serviceOf(textAt(one, 'name') ?? ''),
          weight: numberAt(one, 'weight') ?? 1,
        }));
  return sharesOf(split, destinations) ?? NOTHING;
}

/** Traefik: TraefikServices declare weights, IngressRoutes lead to them. */
export const traefikGateway: GatewayAdapter = {
  name: 'traefik',
  published: 'gateway',
  declares: { api_version: TRAEFIK, kind: 'TraefikService' },
  follows: {
    within_ms: TRAEFIK_THROTTLE_MS + PROCESSING_MS,
    derivation: `providersThrottleDuration ${TRAEFIK_THROTTLE_MS} ms and ${PROCESSING_MS} ms to build and take a configuration`,
  },
  objects,
  declared,
  live: (kube) =>
    podReader(kube, {
      namespace: 'gateway',
      labels: 'app=traefik',
      port: API_PORT,
      path: '/api/rawdata',
      weights: traefikWeights,
    }),
};
