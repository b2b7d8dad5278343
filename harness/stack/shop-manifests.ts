import { stringify } from 'yaml';
import { UsageError } from '#harness/core/errors.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL } from '#harness/core/object-labels.ts';
import type { Manifest, Value } from '#harness/kube/manifests.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { PROMETHEUS_ADDRESS } from './prometheus.ts';

/** Fixed name of the shop's workload, and of everything around it. */
export const SHOP = 'shop';

/** Name of the Secret that says where the shop's database is. */
export const DATABASE_SECRET = 'shop-database';

/** The data plane that serves the shop. */
export type ShopGateway = 'traefik' | 'contour';

/** Who rolls a release of the shop out; `none` leaves it to the Deployment alone. */
export type ShopController = 'flagger' | 'argo-rollouts' | 'none';

/** How a release of the shop is rolled out and judged. Every default is what a careful team would choose, scaled down. */
export interface CanaryOptions {
  /** Pace of the analysis; Flagger accepts nothing under 10 s. */
  readonly interval_s?: number;
  /** Failed checks before the rollback. */
  readonly threshold?: number;
  readonly step_weight_pct?: number;
  readonly max_weight_pct?: number;
  readonly progress_deadline_s?: number;
  /** Name of the one check: the share of server errors among the canary's answers. */
  readonly check_name?: string;
  /** The check fails above this share, in percent. */
  readonly check_max_pct?: number;
  /** Pods of the primary and of the canary. */
  readonly replicas?: number;
  /** Where the check asks for metrics; Prometheus itself unless said, or the proxy that lies about a namespace. */
  readonly metrics_address?: string;
  /** Seeded defect: the counter that the check reads; one that does not exist makes the judge blind. */
  readonly metric?: string;
  /** Seeded defect: `ignores-weights` routes to all pods alike; Traefik only. */
  readonly routing?: 'weighted' | 'ignores-weights';
}

/** The options with their defaults, as the specification of a run declares them. */
export function canaryOptions(given: CanaryOptions = {}): Required<CanaryOptions> {
  return {
    interval_s: 10,
    threshold: 2,
    step_weight_pct: 10,
    max_weight_pct: 50,
    progress_deadline_s: 60,
    check_name: 'error-rate',
    check_max_pct: 1,
    replicas: 2,
    metrics_address: PROMETHEUS_ADDRESS,
    metric: 'http_requests_total',
    routing: 'weighted',
    ...given,
  };
}

/** Changes an object of the shop before it is applied; what it does not mind it returns as it came. */
export type Reshape = (object: KubeObject) => KubeObject;

/** A release of the shop: its name and the document that says how it behaves. */
export interface Release {
  readonly namespace: string;
  readonly release: string;
  /** The release document, as YAML text or as a value that is written as YAML. */
  readonly document: unknown;
}

/** The shop as it is deployed for the first time. */
export interface ShopDeployment extends Release {
  /** `traefik` when absent. */
  readonly gateway?: ShopGateway;
  /** `flagger` when absent. */
  readonly controller?: ShopController;
  readonly canary?: CanaryOptions;
  /** Orders go to PostgreSQL; they stay in the pod's memory when absent. Needs the component `postgres`. */
  readonly database?: boolean;
  /** The way to the database leads through a proxy of the namespace, which faults of the network act on. */
  readonly database_proxy?: boolean;
  /** Changes each object before it is applied. */
  readonly reshape?: Reshape;
}

/**
 * Pieces of the shop:
 * - `namespace` and `release` (the map with the release document)
 * - `deployment` without a number of pods, which whoever controls the rollout owns
 * - `service` over all pods, for a shop that nobody rolls out step by step
 * - `canary` Flagger's Canary with its check and its alerts
 * - `route` the way from the gateway to what the controller splits
 */
export type ShopPart = 'namespace' | 'release' | 'deployment' | 'service' | 'canary' | 'route';

const RELEASE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/;

/** The name that the gateway routes to the shop of a namespace. */
export function shopHost(namespace: string): string {
  return `shop.${namespace}.test`;
}

/** An object of the shop that no manifest file holds. */
export function made(object: KubeObject): Manifest {
  return { object, position: { file: 'harness/stack/shop-manifests.ts', line: 1, column: 1 } };
}

function namespaceOf({ namespace }: Release): Manifest {
  return made({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'mettle.dev/part-of': SHOP } },
  });
}

function releaseMap({ namespace, release, document }: Release): Manifest {
  return made({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `shop-release-${release}`, namespace, labels: { [RELEASE_LABEL]: release } },
    data: { 'release.yaml': typeof document === 'string' ? document : stringify(document) },
  });
}

function checkName(release: string): void {
  if (RELEASE_NAME.test(release)) return;
  throw new UsageError(
    `release ${JSON.stringify(release)} cannot name an object: use at most 42 lower-case letters, digits and hyphens`,
  );
}

/** What Flagger must know of a gateway. Contour's HTTPRoute is made by Flagger, Traefik's route by us. */
function canarySpec(gateway: ShopGateway, namespace: string, spec: object): object {
  if (gateway === 'traefik') return { ...spec, provider: 'traefik' };
  const service = {
    ...Object(Reflect.get(spec, 'service')),
    hosts: [shopHost(namespace)],
    gatewayRefs: [
      { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'contour', namespace: 'contour' },
    ],
  };
  return { ...spec, provider: 'gatewayapi:v1', service };
}

function withSpec(manifest: Manifest, change: (spec: object) => object): Manifest {
  const { object, position } = manifest;
  return { object: { ...object, spec: change(Object(object['spec'])) }, position };
}

/** The same manifest with a number of pods. */
export function withReplicas(manifest: Manifest, replicas: number): Manifest {
  return withSpec(manifest, (spec) => ({ ...spec, replicas }));
}

async function canary(ctx: StackContext, shop: ShopDeployment): Promise<Manifest[]> {
  const { routing: _routing, replicas: _replicas, ...values } = canaryOptions(shop.canary);
  // Flagger repeats an interval of the Canary's in its own words: the check looks back over one of them.
  const filled = { ...values, check_window_s: values.interval_s };
  const manifests = await manifestsOf(ctx, 'shop-canary', filled);
  const { gateway = 'traefik', namespace } = shop;
  return manifests.map((one) =>
    one.object.kind === 'Canary' ? withSpec(one, (spec) => canarySpec(gateway, namespace, spec)) : one,
  );
}

async function deployment(ctx: StackContext, shop: ShopDeployment): Promise<Manifest[]> {
  const { namespace, release, database = false } = shop;
  const { progress_deadline_s } = canaryOptions(shop.canary);
  const values: Record<string, Value> = { namespace, release, progress_deadline_s };
  return await manifestsOf(ctx, 'shop', { ...values, memory_only: !database });
}

/** Folder under `shop-gateway` with the route of a gateway to a controller's split; none where the controller makes it. */
function routeFolder({ gateway = 'traefik', controller = 'flagger', canary: given }: ShopDeployment) {
  const { routing } = canaryOptions(given);
  if (routing === 'ignores-weights') {
    if (gateway === 'traefik') return 'traefik-ignores-weights';
    throw new UsageError(`the route that ignores weights exists for traefik only, not for ${gateway}`);
  }
  if (controller === 'none') return `${gateway}-plain`;
  if (gateway === 'contour' && controller === 'flagger') return undefined;
  return `${gateway}-weighted`;
}

async function route(ctx: StackContext, shop: ShopDeployment): Promise<Manifest[]> {
  const folder = routeFolder(shop);
  if (folder === undefined) return [];
  return await manifestsOf(ctx, `shop-gateway/${folder}`, { namespace: shop.namespace });
}

const PARTS: Readonly<
  Record<ShopPart, (ctx: StackContext, shop: ShopDeployment) => Manifest[] | Promise<Manifest[]>>
> = {
  namespace: (_ctx, shop) => [namespaceOf(shop)],
  release: (_ctx, shop) => [releaseMap(shop)],
  deployment,
  service: (ctx) => manifestsOf(ctx, 'shop-service'),
  canary,
  route,
};

/** The manifest as a scenario wants it. */
export function reshaped(
  { object, position }: Manifest,
  { reshape }: Pick<ShopDeployment, 'reshape'>,
): Manifest {
  return { object: reshape?.(object) ?? object, position };
}

/**
 * Manifests of the given pieces of the shop, in the order asked for. Namespaced objects name none except where they
 * must: apply them with the shop's, or write them where a kustomization gives it.
 * @throws UsageError for a release name that cannot name an object, or a route that does not exist
 */
export async function shopManifests(
  ctx: StackContext,
  shop: ShopDeployment,
  parts: readonly ShopPart[],
): Promise<Manifest[]> {
  checkName(shop.release);
  const read = await Promise.all(parts.map(async (part) => PARTS[part](ctx, shop)));
  return read.flat().map((one) => reshaped(one, shop));
}
