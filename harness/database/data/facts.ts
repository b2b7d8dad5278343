import type { DataFacts } from '#harness/core/guard/facts.ts';
import { identifier, literal } from '../ask.ts';
import { inParts } from '../in-parts.ts';
import type { OwnClient } from '../server/client.ts';

/** Tables that hold rows themselves or by their parts; what an extension brought is no data. */
const TABLES = String.raw`
SELECT n.nspname AS schema, c.relname AS name,
  (SELECT sum(pg_total_relation_size(part.relid)) FROM pg_partition_tree(c.oid) AS part) AS parts_bytes,
  pg_total_relation_size(c.oid) AS bytes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2`;

/** Rows, counted, and bytes of every table, with its indexes. */
export async function measureTables(client: OwnClient): Promise<DataFacts['tables']> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    parts_bytes: string | null;
    bytes: string;
  }>(TABLES);
  const counts = new Map<string, number>();
  await inParts(rows, async (part) => {
    const each = part.map(({ schema, name }) => {
      const table = `${schema}.${name}`;
      return `SELECT ${literal(table)} AS table, count(*) AS rows FROM ${identifier(schema)}.${identifier(name)}`;
    });
    const counted = await client.query<{ table: string; rows: string }>(each.join('\nUNION ALL\n'));
    for (const one of counted.rows) counts.set(one.table, Number(one.rows));
  });
  return rows.map(({ schema, name, parts_bytes, bytes }) => {
    const table = `${schema}.${name}`;
    return { table, rows: counts.get(table) ?? 0, bytes: Number(parts_bytes ?? bytes) };
  });
}
