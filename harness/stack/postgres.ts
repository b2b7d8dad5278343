import { UnfitError, UsageError } from '#harness/core/errors.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { component, type StackContext } from './component.ts';
import { readCredentials } from './credentials.ts';
import { DATABASE_SECRET, made } from './shop-manifests.ts';

const NAMESPACE = 'postgres';
const SECRET = { namespace: NAMESPACE, name: 'postgres' } as const;
/** The pod that serves, as long as there is one. */
export const DATABASE_POD = { namespace: NAMESPACE, name: 'postgres-0' } as const;
/** The one role that may come by network; it owns the database of the same name and nothing else. */
const SHOP_ROLE = 'shop';
/** Longest name of a PostgreSQL object, in bytes (NAMEDATALEN - 1). */
const NAME_MAX = 63;

/** PostgreSQL with a volume of its own. Its passwords are made once for a cluster and stay in its Secret. */
export const postgres = component({
  name: 'postgres',
  namespace: NAMESPACE,
  workloads: [{ kind: 'StatefulSet', name: 'postgres' }],
  credentials: {
    name: SECRET.name,
    fixed: { user: SHOP_ROLE, database: SHOP_ROLE },
    generated: ['password'],
  },
  access: [
    {
      service: 'postgres',
      scheme: 'postgres',
      note: `user ${SHOP_ROLE}, database ${SHOP_ROLE}`,
      secret: { ...SECRET, key: 'password' },
    },
  ],
});

/**
 * Schema that holds the orders of the shop of a namespace: shops side by side share a database, not their tables.
 * @throws UsageError for a namespace that is too long
 */
export function shopSchema(namespace: string): string {
  const name = `shop_${namespace.replaceAll('-', '_')}`;
  if (name.length <= NAME_MAX) return name;
  throw new UsageError(`the namespace ${namespace} is too long to name a schema of PostgreSQL`);
}

/**
 * The Secret that tells the shop of a namespace where its orders are kept.
 * @param host what the shop connects to: the database itself, or what leads there
 * @throws UnfitError when the cluster has no PostgreSQL
 */
export async function shopDatabase(
  ctx: StackContext,
  namespace: string,
  host = `postgres.${NAMESPACE}`,
): Promise<Manifest> {
  const credentials = await readCredentials(ctx.kube, SECRET);
  const password = credentials?.['password'];
  if (password === undefined) {
    throw new UnfitError(`the shop of ${namespace} wants a database, and this cluster has no PostgreSQL`, {
      next: 'Name the component postgres among what the scenario needs.',
    });
  }
  const url = new URL(`postgres://${SHOP_ROLE}@${host}:5432/${SHOP_ROLE}`);
  url.password = password;
  url.searchParams.set('schema', shopSchema(namespace));
  return made({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: DATABASE_SECRET, namespace },
    type: 'Opaque',
    stringData: { url: url.href },
  });
}
