import type { Manifest } from '#harness/kube/manifests.ts';
import { SHOP, type ShopDeployment } from '#harness/stack/shop.ts';
import { shopManifests, withReplicas } from '#harness/stack/shop-manifests.ts';
import { databaseObjects } from '#harness/stack/toxiproxy.ts';
import { type Acting, releaseDocument } from './on-cluster.ts';

export interface PlainRelease {
  /** Name of the release. */
  readonly release: string;
  /** Release document under `fixtures/releases`. */
  readonly file: string;
  /** The first release comes with namespace, Service and route; a later one is recorded as shipped. */
  readonly first?: boolean;
  /** Orders go to PostgreSQL. */
  readonly database?: boolean;
  /** The way to the database leads through a proxy, which faults of the network act on. */
  readonly database_proxy?: boolean;
  /** Changes the specification of the Deployment; a seeded defect breaks it. */
  readonly reshape?: (spec: object) => object;
}

/** Pods of the shop. */
export const PLAIN_REPLICAS = 2;

/** Each apply says how many pods there are: leaving it out would give the number back to the API server's default. */
function prepared(
  manifest: Manifest,
  reshape: PlainRelease['reshape'],
  replicas: number = PLAIN_REPLICAS,
): Manifest {
  if (manifest.object.kind !== 'Deployment') return manifest;
  const { object, position } = withReplicas(manifest, replicas);
  const spec = Object(object['spec']);
  return { object: { ...object, spec: reshape?.(spec) ?? spec }, position };
}

/**
 * Deploys a release of the shop as a Deployment behind the gateway, with no rollout controller.
 * @throws UsageError when the API server refuses it
 */
export async function deployPlain(
  { run, ctx, namespace }: Acting,
  { release, file, first = false, database = false, database_proxy = false, reshape }: PlainRelease,
): Promise<void> {
  const document = await releaseDocument(file, release);
  const shop: ShopDeployment = { namespace, release, document, controller: 'none', database };
  const before = await shopManifests(ctx, shop, first ? ['namespace', 'release'] : ['release']);
  const way = first && database ? await databaseObjects(ctx, namespace, database_proxy) : [];
  await ctx.kube.apply([...before, ...way], { namespace });
  const manifests = await shopManifests(
    ctx,
    shop,
    first ? ['deployment', 'service', 'route'] : ['deployment'],
  );
  const at = Date.now();
  await ctx.kube.apply(
    manifests.map((one) => prepared(one, reshape)),
    { namespace },
  );
  if (first) return;
  run.timeline.record({
    at,
    source: 'release',
    kind: 'shipped',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: { release, document },
  });
}

/**
 * Asks for the end of all pods of the release that serves. By an apply, as it was deployed: whoever scales it by another way
 * owns that number from then on, and the next apply is refused.
 */
export async function stopPlain(
  { ctx, namespace }: Acting,
  { release, file, database = false, reshape }: Omit<PlainRelease, 'first' | 'database_proxy'>,
): Promise<void> {
  const document = await releaseDocument(file, release);
  const shop: ShopDeployment = { namespace, release, document, controller: 'none', database };
  const manifests = await shopManifests(ctx, shop, ['deployment']);
  await ctx.kube.apply(
    manifests.map((one) => prepared(one, reshape, 0)),
    { namespace },
  );
}
