/** The tables that releases may write to, as the log of changes names them. */
import type { ClientBase } from 'pg';
import { array, boolean, type InferOutput, object, parse, string } from 'valibot';
import { askBy, askJson } from '../../ask.ts';
import { GUARD_SCHEMA } from '../content/catalogue.ts';
import type { WrittenTable } from './last-writes.ts';

const LOGGED = array(
  object({
    name: string(),
    quoted: string(),
    table: string(),
    has_primary_key: boolean(),
    key: array(object({ name: string(), type: string() })),
  }),
);

/** A partition is told by its own name, and belongs to its whole table, by whose key its rows are known. */
const STATEMENT = `SELECT coalesce(json_agg(json_build_object(
    'name', n.nspname || '.' || c.relname, 'quoted', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    'table', wn.nspname || '.' || w.relname,
    'has_primary_key', EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary),
    'key', (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY k.place), '[]')
      FROM (SELECT * FROM pg_index x WHERE x.indrelid = w.oid AND x.indisunique AND x.indisvalid
          AND x.indpred IS NULL AND x.indexprs IS NULL
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w.oid AND NOT a.attnotnull
            AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))
        ORDER BY x.indisprimary DESC, x.indnkeyatts, x.indexrelid LIMIT 1) x
      CROSS JOIN unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
      JOIN pg_attribute a ON a.attrelid = w.oid AND a.attnum = k.attnum WHERE k.place <= x.indnkeyatts))), '[]')::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class w ON w.oid = CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END
  JOIN pg_namespace wn ON wn.oid = w.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'p'
    AND n.nspname NOT IN ('information_schema', '${GUARD_SCHEMA}') AND n.nspname NOT LIKE 'pg!_%' ESCAPE '!'`;

/**
 * By the name under which a change names it: `schema.table`. Of tables without a primary key the server is made to log whole
 * rows, or it would not tell which row was changed.
 * @throws UnfitError when the database does not tell
 */
export async function loggedTables(client: ClientBase): Promise<ReadonlyMap<string, WrittenTable>> {
  const answer = await askJson(askBy(client), 'what tables may be written to', STATEMENT);
  const tables: InferOutput<typeof LOGGED> = parse(LOGGED, answer);
  const whole = tables.filter((one) => !one.has_primary_key);
  if (whole.length > 0) {
    await client.query(
      whole.map(({ quoted }) => `ALTER TABLE ONLY ${quoted} REPLICA IDENTITY FULL`).join(';'),
    );
  }
  return new Map(tables.map(({ name, table, key }) => [name, { table, key }]));
}
