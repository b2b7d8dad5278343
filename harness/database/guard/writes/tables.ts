/** The tables that releases may write to, as the log of changes names them. */
import type { ClientBase } from 'pg';
import { array, type InferOutput, object, parse, string } from 'valibot';
import { askBy, askJson } from '../../ask.ts';
import { GUARD_SCHEMA } from '../content/catalogue.ts';
import type { WrittenTable } from './last-writes.ts';

const LOGGED = array(
  object({ name: string(), table: string(), key: array(object({ name: string(), type: string() })) }),
);

/** A partition is told by its own name, and belongs to its whole table, by whose key its rows are known. */
const STATEMENT = `SELECT coalesce(json_agg(json_build_object(
    'name', n.nspname || '.' || c.relname, 'table', wn.nspname || '.' || w.relname,
    'key', (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY k.place), '[]') FROM pg_index x
      CROSS JOIN unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
      JOIN pg_attribute a ON a.attrelid = w.oid AND a.attnum = k.attnum
      WHERE x.indrelid = w.oid AND x.indisprimary AND k.place <= x.indnkeyatts))), '[]')::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class w ON w.oid = CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END
  JOIN pg_namespace wn ON wn.oid = w.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'p'
    AND n.nspname NOT IN ('information_schema', '${GUARD_SCHEMA}') AND n.nspname NOT LIKE 'pg!_%' ESCAPE '!'`;

/**
 * By the name under which a change names it: `schema.table`.
 * @throws UnfitError when the database does not tell
 */
export async function loggedTables(client: ClientBase): Promise<ReadonlyMap<string, WrittenTable>> {
  const answer = await askJson(askBy(client), 'what tables may be written to', STATEMENT);
  const tables: InferOutput<typeof LOGGED> = parse(LOGGED, answer);
  return new Map(tables.map(({ name, table, key }) => [name, { table, key }]));
}
