import { listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { NOTHING, sharesOf, type Split, type Weights } from './adapter.ts';

/** Which Service a cluster of Envoy stands for; undefined for one that stands for none. */
export type ServiceOfCluster = (
  cluster: string,
) => { readonly namespace: string; readonly service: string } | undefined;

/** Contour names a cluster `namespace/service/port/hash`; a part that is too long ends in a hash. */
export const contourCluster: ServiceOfCluster = (cluster) => {
  const [namespace, service, port] = cluster.split('/');
  if (namespace === undefined || service === undefined || port === undefined) return undefined;
  return { namespace, service };
};

/** Istio names a cluster `outbound|port|subset|service.namespace.svc.domain`. */
export const istioCluster: ServiceOfCluster = (cluster) => {
  const [direction, , , host] = cluster.split('|');
  const [service, namespace, svc] = host?.split('.') ?? [];
  if (direction !== 'outbound' || !service || !namespace || svc !== 'svc') return undefined;
  return { namespace, service };
};

/** Domains of a virtual host may carry a port: `shop.test:*`, `shop.test:80`. */
function serves(virtual_host: unknown, host: string): boolean {
  return listAt(virtual_host, 'domains').some(
    (domain) => typeof domain === 'string' && (domain === host || domain.startsWith(`${host}:`)),
  );
}

interface Destination {
  readonly service: string;
  readonly weight: number;
}

function destinationsOf(route: unknown, namespace: string, serviceOf: ServiceOfCluster): Destination[] {
  const single = textAt(route, 'route', 'cluster');
  const clusters =
    single === undefined
      ? listAt(route, 'route', 'weighted_clusters', 'clusters').map((one) => ({
          name: textAt(one, 'name') ?? '',
          weight: numberAt(one, 'weight') ?? 0,
        }))
      : [{ name: single, weight: 1 }];
  return clusters.flatMap(({ name, weight }) => {
    const found = serviceOf(name);
    return found?.namespace === namespace ? [{ service: found.service, weight }] : [];
  });
}

/**
 * What a dump of Envoy's route configurations says of a split: the first route of the host that leads to one of the
 * two Services. Source: `/config_dump?resource=dynamic_route_configs` of Envoy's admin interface
 * (envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig).
 */
export function envoyWeights(split: Split, dump: unknown, serviceOf: ServiceOfCluster): Weights {
  for (const config of listAt(dump, 'configs')) {
    for (const virtual_host of listAt(config, 'route_config', 'virtual_hosts')) {
      if (!serves(virtual_host, split.host)) continue;
      for (const route of listAt(virtual_host, 'routes')) {
        const weights = sharesOf(split, destinationsOf(route, split.namespace, serviceOf));
        if (weights) return weights;
      }
    }
  }
  return NOTHING;
}
