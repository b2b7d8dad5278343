import * as v from 'valibot';
import { sqlRows, trySql } from '#harness/stack/superuser.ts';
import { defineFault } from './fault.ts';
import { ownSchema } from './psql.ts';

/** Inserts that the probe makes and takes back. */
const SAMPLES = 400;
/** A count that chance alone brings about once in ten thousand probes lies within so many standard deviations. */
const DEVIATIONS = 4;

const State = v.object({ schema: v.string(), share: v.number() });

/** Inserts as the shop makes them, all taken back; the row says how many failed. */
function attempts(schema: string): string {
  return `
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE shop;
DO $probe$
DECLARE failed integer := 0;
BEGIN
  FOR attempt IN 1..${SAMPLES} LOOP
    BEGIN
      INSERT INTO "${schema}".orders (id, lines, total_cents, content_hash, release, pod, accepted_at)
      VALUES ('mettle-probe-' || attempt, '[]', 0, '', '', '', now());
    EXCEPTION WHEN internal_error THEN failed := failed + 1;
    END;
  END LOOP;
  PERFORM set_config('mettle.failed', failed::text, true);
END $probe$;
SELECT current_setting('mettle.failed');
ROLLBACK;
`;
}

/** Makes a share of the inserts of orders fail inside PostgreSQL, by a trigger on the run's own table. */
export const databaseErrors = defineFault({
  name: 'database-errors',
  breaks: 'makes a share of the inserts into the shop’s table of orders fail in the database',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    share_pct: v.pipe(
      v.number(),
      v.gtValue(0),
      v.maxValue(100),
      v.description('share of the inserts that fail, in percent'),
    ),
  }),
  state: State,
  trial_needs: { components: ['postgres'] },
  example: () => ({ share_pct: 50 }),
  async plan(ctx, { share_pct }, namespace) {
    const schema = await ownSchema(ctx, namespace);
    return {
      targets: [`Table/${namespace}/${schema}.orders`],
      harm: `${share_pct} % of the orders of ${namespace} are refused`,
      state: { schema, share: share_pct / 100 },
    };
  },
  async inject(ctx, { schema, share }) {
    await sqlRows(
      ctx,
      `
SET lock_timeout = '5s';
BEGIN;
CREATE OR REPLACE FUNCTION "${schema}".mettle_fault() RETURNS trigger LANGUAGE plpgsql AS $fault$
BEGIN
  IF random() < ${share} THEN
    RAISE EXCEPTION 'an error on purpose, of Mettle' USING ERRCODE = 'internal_error';
  END IF;
  RETURN NEW;
END $fault$;
CREATE OR REPLACE TRIGGER mettle_fault BEFORE INSERT ON "${schema}".orders
  FOR EACH ROW EXECUTE FUNCTION "${schema}".mettle_fault();
COMMIT;
`,
    );
  },
  async probeOn(ctx, { schema, share }) {
    const { exit_code, stdout, stderr } = await trySql(ctx, attempts(schema));
    if (exit_code !== 0) return { holds: false, seen: stderr.trim() };
    const found = Number(stdout.trim()) / SAMPLES;
    const error = DEVIATIONS * Math.sqrt((share * (1 - share)) / SAMPLES);
    return {
      holds: Math.abs(found - share) <= error,
      seen: `${(100 * found).toFixed(1)} % of ${SAMPLES} inserts failed, asked for were ${(100 * share).toFixed(1)} +- ${(100 * error).toFixed(1)}`,
    };
  },
  async heal(ctx, { schema }) {
    await sqlRows(
      ctx,
      `
SET lock_timeout = '5s';
SET client_min_messages = warning;
DROP TRIGGER IF EXISTS mettle_fault ON "${schema}".orders;
DROP FUNCTION IF EXISTS "${schema}".mettle_fault();
`,
    );
  },
  async probeOff(ctx, { schema }) {
    const { exit_code, stdout, stderr } = await trySql(ctx, attempts(schema));
    if (exit_code !== 0) return { holds: /does not exist/.test(stderr), seen: stderr.trim() };
    return { holds: Number(stdout.trim()) === 0, seen: `${stdout.trim()} of ${SAMPLES} inserts failed` };
  },
});
