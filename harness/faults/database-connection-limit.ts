import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { sqlRows } from '#harness/stack/superuser.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { literal } from '#harness/database/ask.ts';
import { asClient, databaseOf, ownSchema, SHOP_ROLE } from './psql.ts';

/** Time for which the clients of a probe stay connected, in s: all have come by then. */
const STAY_S = 1;

/** Clients that come at the same time and stay a while; each that is refused says so on standard error. */
const CROWD = `
read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=3; count=$1; shift
while [ "$count" -gt 0 ]; do
  psql "$@" --no-psqlrc --quiet --output=/dev/null --command='SELECT pg_sleep(${STAY_S})' &
  count=$((count - 1))
done
wait`;

/** How many of some clients at once were refused for the limit. */
async function refusedOf(ctx: FaultContext, namespace: string, clients: number): Promise<number> {
  const { host, user, database, password } = await databaseOf(ctx, namespace);
  const to = [`--host=${host}`, `--username=${user}`, `--dbname=${database}`];
  const { stderr } = await ctx.kube.exec({
    namespace: DATABASE_POD.namespace,
    pod: DATABASE_POD.name,
    command: ['sh', '-c', CROWD, 'sh', String(clients), ...to],
    input: `${password}\n`,
  });
  return stderr.match(/too many connections for role/g)?.length ?? 0;
}

/**
 * Lets the shop have a few connections only. PostgreSQL limits by role, which all shops of the cluster share: the open
 * sessions of other namespaces count, and stay.
 */
export const databaseConnectionLimit = defineFault({
  name: 'database-connection-limit',
  breaks: 'limits how many connections the shops may have to the database; whoever comes later is refused',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({
    limit: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(20),
      v.description('connections that the role may have, those of all shops together'),
    ),
  }),
  state: v.object({
    namespace: v.string(),
    schema: v.string(),
    limit: v.number(),
    limit_before: v.number(),
  }),
  trial_needs: { components: ['postgres'] },
  example: () => ({ limit: 1 }),
  async plan(ctx, { limit }, namespace) {
    const schema = await ownSchema(ctx, namespace);
    const [before] = await sqlRows(
      ctx,
      `SELECT rolconnlimit FROM pg_roles WHERE rolname = ${literal(SHOP_ROLE)};`,
    );
    if (before === undefined) throw new UsageError(`PostgreSQL has no role ${SHOP_ROLE}`);
    return {
      targets: [`Role/${SHOP_ROLE}`],
      harm: `the shops have ${limit} connections to their database together`,
      state: { namespace, schema, limit, limit_before: Number(before) },
    };
  },
  async inject(ctx, { schema, limit }) {
    await sqlRows(
      ctx,
      `
ALTER ROLE ${SHOP_ROLE} CONNECTION LIMIT ${limit};
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${literal(schema)};
`,
    );
  },
  async probeOn(ctx, { namespace, limit }) {
    const clients = limit + 1;
    const refused = await refusedOf(ctx, namespace, clients);
    return { holds: refused > 0, seen: `${refused} of ${clients} clients at once were refused` };
  },
  async heal(ctx, { limit, limit_before }) {
    // Only what is still ours is put back.
    await sqlRows(
      ctx,
      `
SELECT rolconnlimit = ${limit} AS ours FROM pg_roles WHERE rolname = ${literal(SHOP_ROLE)} \\gset
\\if :ours
ALTER ROLE ${SHOP_ROLE} CONNECTION LIMIT ${limit_before};
\\endif
`,
    );
  },
  async probeOff(ctx, { namespace, limit }) {
    const refused = await refusedOf(ctx, namespace, limit + 1);
    const { exit_code, stderr } = await asClient(ctx, namespace, 'SELECT 1;');
    return {
      holds: refused === 0 && exit_code === 0,
      seen: stderr.trim() || `${refused} of ${limit + 1} clients at once were refused`,
    };
  },
});
