import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { sqlRows, trySql } from '#harness/stack/superuser.ts';
import { defineFault } from './fault.ts';
import { literal } from '#harness/database/ask.ts';
import { ownSchema } from './psql.ts';

/** How long a probe waits for the table, in ms. */
const PATIENCE_MS = 250;

/**
 * A client of its own in the pod, which nobody waits for. It ends with 0 however its session ends: to PostgreSQL, which
 * is the first process there and so inherits it, another code would look like the crash of one of its own.
 */
const HOLD = `
(PGAPPNAME="$1" PGOPTIONS="-c statement_timeout=$2s -c lock_timeout=10s" setsid sh -c '
  psql --host=/run/postgresql --username=postgres --dbname=shop --no-psqlrc --quiet --command="$1"; exit 0
' sh "$3" </dev/null >/dev/null 2>&1 &)
`;

/** Takes the table of orders away from everybody by a session that holds its strongest lock. */
export const databaseLock = defineFault({
  name: 'database-lock',
  breaks: 'locks the shop’s table of orders, as a careless migration does; whoever asks for an order waits',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    held_max_s: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(900),
        v.description('longest time that the database itself lets the lock be held, in s; 300 when absent'),
      ),
      300,
    ),
  }),
  state: v.object({ schema: v.string(), session: v.string(), held_max_s: v.number() }),
  trial_needs: { components: ['postgres'] },
  example: () => ({ held_max_s: 60 }),
  async plan(ctx, { held_max_s }, namespace) {
    const schema = await ownSchema(ctx, namespace);
    return {
      targets: [`Table/${namespace}/${schema}.orders`],
      harm: `no order of ${namespace} is taken or shown; the database lets go after ${held_max_s} s by itself`,
      state: { schema, session: `mettle-lock-${freshId()}`, held_max_s },
    };
  },
  async inject({ kube }, { schema, session, held_max_s }) {
    const sql = `BEGIN; LOCK TABLE "${schema}".orders IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${held_max_s}); ROLLBACK;`;
    const { namespace, name: pod } = DATABASE_POD;
    const command = ['sh', '-c', HOLD, 'sh', session, String(held_max_s), sql];
    const { exit_code, stderr } = await kube.exec({ namespace, pod, command });
    if (exit_code !== 0) throw new UnfitError(`the session that locks could not be begun: ${stderr.trim()}`);
  },
  async probeOn(ctx, { schema }) {
    const { stderr, exit_code } = await trySql(ctx, readOf(schema));
    return {
      holds: exit_code !== 0 && /due to lock timeout/.test(stderr),
      seen: stderr.trim() || 'the table was read',
    };
  },
  async heal(ctx, { session }) {
    await sqlRows(
      ctx,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${literal(session)};`,
    );
  },
  async probeOff(ctx, { schema }) {
    const { stderr, exit_code } = await trySql(ctx, readOf(schema));
    const gone = /does not exist/.test(stderr);
    return { holds: exit_code === 0 || gone, seen: stderr.trim() || 'the table was read' };
  },
});

function readOf(schema: string): string {
  return `SET lock_timeout = '${PATIENCE_MS}ms'; SELECT 1 FROM "${schema}".orders LIMIT 1;`;
}
