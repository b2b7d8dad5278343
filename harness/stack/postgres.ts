import { UnfitError, UsageError } from '#harness/core/errors.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { component, type ComponentOptions, type StackContext } from './component.ts';
import { readCredentials } from './credentials.ts';
import { DATABASE_SECRET, made } from './shop-manifests.ts';

const NAMESPACE = 'postgres';
const SECRET = { namespace: NAMESPACE, name: 'postgres' } as const;
/** Where the password of the shop's role is kept. */
export const DATABASE_PASSWORD = { ...SECRET, key: 'password' } as const;
/** The pod that serves, as long as there is one. */
export const DATABASE_POD = { namespace: NAMESPACE, name: 'postgres-0' } as const;
/** What makes that pod. */
export const DATABASE_SERVER = {
  api_version: 'apps/v1',
  kind: 'StatefulSet',
  namespace: NAMESPACE,
  name: 'postgres',
} as const;
/** What psql is told where its output is read by a program; the statements come on its standard input. */
export const PSQL_FLAGS = [
  '--no-psqlrc',
  '--quiet',
  '--no-align',
  '--tuples-only',
  '--set=ON_ERROR_STOP=1',
  '--file=-',
] as const;
/** Folder of the node that holds its data. */
export const DATABASE_VOLUME_ON_NODE = '/var/lib/mettle/volumes/postgres';
/** The one role that may come by network; it owns the database of the same name and nothing else. */
const SHOP_ROLE = 'shop';
/** Longest name of a PostgreSQL object, in bytes (NAMEDATALEN - 1). */
const NAME_MAX = 63;

/** How it is installed, whoever else needs a password. */
export const POSTGRES = {
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
      secret: DATABASE_PASSWORD,
    },
  ],
} as const satisfies ComponentOptions;

/** PostgreSQL with a volume of its own. Its passwords are made once for a cluster and stay in its Secret. */
export const postgres = component(POSTGRES);

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
export async function shopDatabase(ctx: StackContext, namespace: string, host?: string): Promise<Manifest> {
  const credentials = await readCredentials(ctx.kube, SECRET);
  const password = credentials?.[DATABASE_PASSWORD.key];
  if (password === undefined) {
    throw new UnfitError(`the shop of ${namespace} wants a database, and this cluster has no PostgreSQL`, {
      next: 'Name the component postgres among what the scenario needs.',
    });
  }
  return databaseSecret(namespace, password, host);
}

/** The same Secret from a password that is known, with no cluster to read it from. */
export function databaseSecret(
  namespace: string,
  password: string,
  host: string = `postgres.${NAMESPACE}`,
): Manifest {
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
