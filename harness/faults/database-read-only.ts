import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { literal } from '#harness/database/ask.ts';
import { sqlRows } from '#harness/stack/superuser.ts';
import { asClient, ownSchema, SHOP_ROLE } from './psql.ts';

const SETTING = 'default_transaction_read_only';
const ROLE = `ROLE ${SHOP_ROLE} IN DATABASE shop`;

/** A row for each setting that the role has in the database. */
const SETTINGS = `
SELECT unnest(setconfig) FROM pg_db_role_setting
WHERE setrole = '${SHOP_ROLE}'::regrole AND setdatabase = (SELECT oid FROM pg_database WHERE datname = 'shop')`;

/** Ends the sessions of a namespace's shop, which opens others at once: a setting counts from a session's beginning. */
function endSessions(schema: string): string {
  return `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${literal(schema)};`;
}

/** A write that changes nothing. */
function writeOf(schema: string): string {
  return `DELETE FROM "${schema}".orders WHERE false;`;
}

/**
 * Lets the shop read and not write, as a database that failed over to a replica does. PostgreSQL knows this by role and
 * database only, which all shops of the cluster share: those of other namespaces meet it with their next connection.
 */
export const databaseReadOnly = defineFault({
  name: 'database-read-only',
  breaks: 'makes the database refuse every write of the shop; what is there can be read',
  radius: { reach: 'shared', pods_max: 0 },
  options: v.strictObject({}),
  state: v.object({ namespace: v.string(), schema: v.string() }),
  trial_needs: { components: ['postgres'] },
  example: () => ({}),
  async plan(ctx, _options, namespace) {
    const schema = await ownSchema(ctx, namespace);
    return {
      targets: [`Role/${SHOP_ROLE}`],
      harm: 'no order is taken, and no pod of a shop that starts meanwhile gets ready',
      state: { namespace, schema },
    };
  },
  async inject(ctx, { schema }) {
    await sqlRows(ctx, `ALTER ${ROLE} SET ${SETTING} = on;\n${endSessions(schema)}`);
  },
  async probeOn(ctx, { namespace, schema }) {
    const { stderr, exit_code } = await asClient(ctx, namespace, writeOf(schema));
    return {
      holds: exit_code !== 0 && /read-only transaction/.test(stderr),
      seen: stderr.trim() || 'a write was taken',
    };
  },
  // Sessions are ended only where the setting was there: whoever heals a second time disturbs nobody.
  async heal(ctx, { schema }) {
    await sqlRows(
      ctx,
      `
SELECT EXISTS (SELECT 1 FROM (${SETTINGS}) AS each (setting) WHERE setting LIKE '${SETTING}=%') AS broken \\gset
\\if :broken
ALTER ${ROLE} RESET ${SETTING};
${endSessions(schema)}
\\endif
`,
    );
  },
  async probeOff(ctx, { namespace, schema }) {
    const { stderr, exit_code } = await asClient(ctx, namespace, writeOf(schema));
    return { holds: exit_code === 0, seen: stderr.trim() || 'a write was taken' };
  },
});
