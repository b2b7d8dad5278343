import type { Manifest } from '#harness/kube/manifests.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { shopDatabase } from './postgres.ts';

/** The proxy of a namespace; each of its pods has this as its label `app`. */
export const TOXIPROXY = 'mettle-toxiproxy';
/** Port of its API. */
export const TOXIPROXY_PORT = 8474;
/** Its proxy in front of PostgreSQL, and the Service by which the shop of the namespace reaches that. */
export const DATABASE_PROXY = { proxy: 'database', service: 'shop-database' } as const;

/** The proxy of a namespace before its database, and the Service that leads to it. */
export async function databaseProxy(ctx: StackContext): Promise<Manifest[]> {
  return await manifestsOf(ctx, 'toxiproxy');
}

/**
 * What the shop of a namespace needs to keep its orders in PostgreSQL.
 * @param proxied leads its connections through a proxy of the namespace, which faults of the network act on
 * @throws UnfitError when the cluster has no PostgreSQL
 */
export async function databaseObjects(
  ctx: StackContext,
  namespace: string,
  proxied: boolean,
): Promise<Manifest[]> {
  if (!proxied) return [await shopDatabase(ctx, namespace)];
  return [
    await shopDatabase(ctx, namespace, `${DATABASE_PROXY.service}.${namespace}`),
    ...(await databaseProxy(ctx)),
  ];
}
