import { endOn, openClient } from '../server/client.ts';
import type { Address } from '../server/types.ts';
import { READ_ONLY } from './live.ts';
import type { ColumnShape, DataShape } from './shape.ts';

/** A live database as its own statistics describe it. */
export interface LiveShape {
  /** How values are spread, without numbers of rows. */
  readonly shape: DataShape;
  /** Rows of each table, `schema.table`, as the server estimates them. */
  readonly real_rows: Readonly<Record<string, number>>;
}

/** Columns with so few different values have the very same ones: a status, a country. */
const LISTED_MAX = 50;
const SKEW_MAX = 10;

const TABLES = String.raw`
SELECT n.nspname || '.' || c.relname AS name,
  CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(p.reltuples, 0)) FROM pg_partition_tree(c.oid) AS t JOIN pg_class AS p ON p.oid = t.relid AND t.isleaf)
    ELSE c.reltuples END::float8 AS rows
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`;

/** Of a partitioned table as a whole, where there are statistics of that. */
const COLUMNS = String.raw`
SELECT DISTINCT ON (1, 2) schemaname || '.' || tablename AS table, attname AS column, null_frac::float8 AS nulls,
  n_distinct::float8 AS distinct, most_common_freqs[1]::float8 AS most_often,
  CASE WHEN n_distinct BETWEEN 1 AND ${LISTED_MAX} AND array_length(most_common_freqs, 1) = n_distinct
    THEN most_common_vals::text::text[] END AS values
FROM pg_stats WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\_%'
ORDER BY 1, 2, inherited DESC`;

interface ColumnStatistics {
  readonly table: string;
  readonly column: string;
  readonly nulls: number;
  /** Below zero: a share of the rows. */
  readonly distinct: number;
  /** Share of the most frequent value. */
  readonly most_often: number | null;
  readonly values: readonly string[] | null;
}

/**
 * Reads the statistics of a live database in a session that cannot write; no table of it is looked at.
 * Only values of columns that have few different ones are taken over.
 * @throws UnfitError when it cannot be reached
 */
export async function describeLive(address: Address, signal?: AbortSignal): Promise<LiveShape> {
  await using client = await openClient(address, READ_ONLY);
  using _ = signal && endOn(client, signal);
  const tables = await client.query<{ name: string; rows: number }>(TABLES);
  const columns = await client.query<ColumnStatistics>(COLUMNS);
  // Of a table that was never looked at the server knows nothing.
  const known = tables.rows.filter(({ rows }) => rows > 0);
  const real_rows = Object.fromEntries(known.map(({ name, rows }) => [name, rows]));
  const by_table = Map.groupBy(columns.rows, ({ table }) => table);
  const shapes = known.map(({ name, rows }) => {
    const own = (by_table.get(name) ?? []).map((one) => [one.column, shapeOf(one, rows)] as const);
    return [name, { columns: Object.fromEntries(own) }] as const;
  });
  return { shape: { tables: Object.fromEntries(shapes), of_another: true }, real_rows };
}

/** Pure. @param rows of the table */
export function shapeOf(statistics: Omit<ColumnStatistics, 'table' | 'column'>, rows: number): ColumnShape {
  const { nulls, values, most_often } = statistics;
  const filled = rows * (1 - nulls);
  const counted = statistics.distinct < 0 ? -statistics.distinct * rows : statistics.distinct;
  const distinct = Math.max(1, Math.round(Math.min(counted, filled)));
  return {
    nulls: Math.round(nulls * 1000) / 1000,
    ...(statistics.distinct === 0 ? {} : { distinct }),
    ...(values === null ? {} : { values: [...values] }),
    ...(most_often === null || distinct === 1 ? {} : { skew: skewOf(most_often / (1 - nulls), distinct) }),
  };
}

/** Of so many values the first one is drawn with the probability (1 / distinct) ** (1 / skew). */
function skewOf(most_often: number, distinct: number): number {
  const skew = Math.log(distinct) / -Math.log(Math.min(most_often, 0.999));
  return Math.min(SKEW_MAX, Math.max(1, Math.round(skew * 100) / 100));
}
