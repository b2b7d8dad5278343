import { UsageError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { literal } from '#harness/database/ask.ts';
import type { PodCommandResult } from '#harness/kube/exec.ts';
import { DATABASE_POD, PSQL_FLAGS, shopSchema } from '#harness/stack/postgres.ts';
import { DATABASE_SECRET } from '#harness/stack/shop-manifests.ts';
import { sqlRows } from '#harness/stack/superuser.ts';
import type { FaultContext } from './fault.ts';

/** The role and the database of every shop. */
export const SHOP_ROLE = 'shop';

/** Where the shop of a namespace keeps its orders. */
export interface ShopDatabase {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly schema: string;
}

/** @throws UsageError when the shop of the namespace has no database */
export async function databaseOf({ kube }: FaultContext, namespace: string): Promise<ShopDatabase> {
  const secret = await kube.get({ api_version: 'v1', kind: 'Secret', namespace, name: DATABASE_SECRET });
  const encoded = textAt(secret, 'data', 'url');
  const url = encoded === undefined ? null : URL.parse(Buffer.from(encoded, 'base64').toString());
  if (url === null) {
    throw new UsageError(`the shop of ${namespace} keeps its orders in no database`, {
      next: 'Deploy it with `database: true`, on a cluster with postgres.',
    });
  }
  return {
    host: url.hostname,
    user: url.username,
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    schema: url.searchParams.get('schema') ?? shopSchema(namespace),
  };
}

/**
 * Whether a namespace's schema is in the database, which stands for the run's right to break it.
 * @throws UsageError when it is not
 */
export async function ownSchema(ctx: FaultContext, namespace: string): Promise<string> {
  const { schema } = await databaseOf(ctx, namespace);
  const rows = await sqlRows(ctx, `SELECT to_regclass(${literal(`"${schema}".orders`)}) IS NOT NULL;`);
  if (rows[0] === 't') return schema;
  throw new UsageError(`there is no table of orders in schema ${schema}`, {
    next: 'Wait until the shop is ready: it makes its table when it starts.',
  });
}

/** What a client with the shop's own credentials met, by the network and the way that the shop takes. */
export interface ClientResult extends PodCommandResult {
  /** Duration of each statement as the client saw it, in ms. */
  readonly took_ms: readonly number[];
}

/** Reads the password first, so that it stands in no list of processes. */
const AS_SHOP = 'read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=2; exec timeout 10 psql "$@"';

/**
 * Statements of a client that is no shop but comes the same way with the same credentials, each timed.
 * @throws UsageError when the namespace's shop has no database
 */
export async function asClient(ctx: FaultContext, namespace: string, sql: string): Promise<ClientResult> {
  const { host, user, database, password } = await databaseOf(ctx, namespace);
  const to = [`--host=${host}`, `--username=${user}`, `--dbname=${database}`];
  const result = await ctx.kube.exec({
    namespace: DATABASE_POD.namespace,
    pod: DATABASE_POD.name,
    command: ['sh', '-c', AS_SHOP, 'sh', ...to, ...PSQL_FLAGS],
    input: `${password}\n\\timing on\n${sql}`,
    timeout_s: 15,
  });
  const took_ms = [...result.stdout.matchAll(/^Time: (?<ms>[\d.]+) ms/gm)].map((one) =>
    Number(one.groups?.['ms']),
  );
  return { ...result, took_ms };
}

/** The middle one of some numbers; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
