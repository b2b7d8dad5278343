import type { DataFacts } from '#harness/core/guard/facts.ts';
import { identifier, literal } from '../ask.ts';
import { inParts } from '../in-parts.ts';
import type { OwnClient } from '../server/client.ts';

/** Tables that hold rows themselves or by their parts; what an extension brought is no data. */
const TABLES = String.raw`
SELECT n.nspname AS schema, c.relname AS name,
  (SELECT sum(pg_total_relation_size(part.relid)) FROM pg_partition_tree(c.oid) AS part) AS parts_bytes,
  ARRAY(SELECT pn.nspname || '.' || pc.relname FROM pg_partition_tree(c.oid) AS part
    JOIN pg_class AS pc ON pc.oid = part.relid JOIN pg_namespace AS pn ON pn.oid = pc.relnamespace
    WHERE c.relkind = 'p' AND part.isleaf AND part.relid <> c.oid ORDER BY 1) AS parts,
  pg_total_relation_size(c.oid) AS bytes
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2`;

/** Rows of each table by the relation that holds them: the table itself, or a partition of it. */
async function countRows(
  client: OwnClient,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const counts = new Map<string, Map<string, number>>();
  await inParts(tables, async (some) => {
    const each = some.map(({ schema, name }) => {
      const table = `${schema}.${name}`;
      return `SELECT ${literal(table)} AS table, tableoid AS part, count(*) AS rows
        FROM ${identifier(schema)}.${identifier(name)} GROUP BY tableoid`;
    });
    const counted = await client.query<{ table: string; part: string; rows: string }>(
      `SELECT t.table, n.nspname || '.' || c.relname AS part, t.rows FROM (${each.join(' UNION ALL ')}) AS t
       JOIN pg_class AS c ON c.oid = t.part JOIN pg_namespace AS n ON n.oid = c.relnamespace`,
    );
    for (const { table, part, rows } of counted.rows) {
      const found = counts.get(table) ?? new Map<string, number>();
      counts.set(table, found.set(part, Number(rows)));
    }
  });
  return counts;
}

/** Rows, counted, and bytes of every table, with its indexes. */
export async function measureTables(client: OwnClient): Promise<DataFacts['tables']> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    parts_bytes: string | null;
    parts: readonly string[];
    bytes: string;
  }>(TABLES);
  const counts = await countRows(client, rows);
  return rows.map(({ schema, name, parts_bytes, parts, bytes }) => {
    const table = `${schema}.${name}`;
    const found = counts.get(table) ?? new Map<string, number>();
    return {
      table,
      rows: [...found.values()].reduce((sum, one) => sum + one, 0),
      bytes: Number(parts_bytes ?? bytes),
      ...(parts.length === 0
        ? {}
        : { parts: parts.map((part) => ({ table: part, rows: found.get(part) ?? 0 })) }),
    };
  });
}
