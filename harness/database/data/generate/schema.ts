/** The tables of a database as a generator of rows needs to know them. */
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import type { OwnClient } from '../../server/client.ts';

const COLUMN = v.object({
  name: v.string(),
  /** As a cast takes it, with its length: `character varying(40)`. */
  type: v.string(),
  /** Name of the type itself, of a domain's or an array's the one below: `varchar`. */
  base: v.string(),
  /** The same as SQL names it, with its schema where it must be. */
  base_type: v.string(),
  /** Length, or precision and scale, of the type itself; -1 for none. */
  modifier: v.number(),
  is_array: v.boolean(),
  /** Of an enumerated type, in order. */
  labels: v.array(v.string()),
  not_null: v.boolean(),
  has_default: v.boolean(),
  /** A value cannot be given: it is computed, or belongs to an identity that is always generated. */
  generated: v.boolean(),
  identity: v.boolean(),
  /** Sequence that fills it, as `setval` takes it. */
  sequence: v.nullable(v.string()),
});

const TABLE = v.object({
  oid: v.number(),
  schema: v.string(),
  name: v.string(),
  has_rows: v.boolean(),
  columns: v.array(COLUMN),
  uniques: v.array(
    v.object({
      name: v.string(),
      columns: v.array(v.string()),
      is_primary: v.boolean(),
      /** It holds for some of the rows only. */
      is_partial: v.boolean(),
      nulls_distinct: v.boolean(),
    }),
  ),
  references: v.array(
    v.object({
      name: v.string(),
      columns: v.array(v.string()),
      target: v.number(),
      target_columns: v.array(v.string()),
    }),
  ),
  checks: v.array(v.object({ name: v.string(), expression: v.string(), columns: v.array(v.string()) })),
});

export type ColumnSchema = v.InferOutput<typeof COLUMN>;
export type TableSchema = v.InferOutput<typeof TABLE>;

/** Names of columns by their numbers, in the order of the numbers. */
function names(table: string, numbers: string): string {
  return `(SELECT coalesce(json_agg(a.attname ORDER BY k.place), '[]') FROM unnest(${numbers}) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute AS a ON a.attrelid = ${table} AND a.attnum = k.number)`;
}

/** A type with what stands below its domains and arrays. */
const TYPES = `
WITH RECURSIVE below(oid, base, modifier, is_array, constraints) AS (
  SELECT t.oid, t.oid, -1, false, ARRAY[]::oid[] FROM pg_type AS t
  UNION ALL
  SELECT b.oid,
    CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
    CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE b.modifier END,
    b.is_array OR t.typtype <> 'd',
    CASE WHEN t.typtype = 'd' THEN b.constraints || t.oid ELSE b.constraints END
  FROM below AS b JOIN pg_type AS t ON t.oid = b.base
  WHERE t.typtype = 'd' OR t.typcategory = 'A' AND t.typelem <> 0
),
types AS (
  SELECT DISTINCT ON (b.oid) b.oid, b.base, b.modifier, b.is_array, b.constraints
  FROM below AS b JOIN pg_type AS t ON t.oid = b.base
  WHERE t.typtype <> 'd' AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
  ORDER BY b.oid
)`;

const COLUMNS = `
SELECT coalesce(json_agg(json_build_object(
    'name', a.attname,
    'type', format_type(a.atttypid, a.atttypmod),
    'base', base.typname,
    'base_type', format_type(y.base, NULL),
    'modifier', CASE WHEN a.atttypmod = -1 THEN y.modifier ELSE a.atttypmod END,
    'is_array', y.is_array,
    'labels', (SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum AS e WHERE e.enumtypid = y.base),
    'not_null', a.attnotnull OR EXISTS (SELECT FROM pg_type AS d WHERE d.oid = ANY (y.constraints) AND d.typnotnull),
    'has_default', a.atthasdef,
    'generated', a.attgenerated <> '',
    'identity', a.attidentity <> '',
    'sequence', pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
  ) ORDER BY a.attnum), '[]')
FROM pg_attribute AS a JOIN types AS y ON y.oid = a.atttypid JOIN pg_type AS base ON base.oid = y.base
WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

/** Columns of an index, those within its expressions and its condition too. */
const UNIQUES = (nulls_distinct: string): string => `
SELECT coalesce(json_agg(json_build_object(
    'name', ic.relname,
    'columns', (SELECT coalesce(json_agg(DISTINCT a.attname), '[]') FROM pg_attribute AS a WHERE a.attrelid = c.oid AND (
      a.attnum = ANY ((string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts])
      OR i.indexprs IS NOT NULL AND EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass
        AND d.objid = i.indexrelid AND d.refobjid = c.oid AND d.refobjsubid = a.attnum))),
    'is_primary', i.indisprimary,
    'is_partial', i.indpred IS NOT NULL,
    'nulls_distinct', ${nulls_distinct}
  ) ORDER BY i.indisprimary DESC, ic.relname), '[]')
FROM pg_index AS i JOIN pg_class AS ic ON ic.oid = i.indexrelid
WHERE i.indrelid = c.oid AND i.indisunique`;

const REFERENCES = `
SELECT coalesce(json_agg(json_build_object(
    'name', f.conname, 'columns', ${names('c.oid', 'f.conkey')},
    'target', f.confrelid::bigint, 'target_columns', ${names('f.confrelid', 'f.confkey')}
  ) ORDER BY f.conname), '[]')
FROM pg_constraint AS f WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0`;

/** Also the conditions of domains, and that a partition is there for each row. */
const CHECKS = String.raw`
SELECT coalesce(json_agg(one), '[]') FROM (
  SELECT json_build_object('name', k.conname, 'expression', pg_get_expr(k.conbin, k.conrelid),
    'columns', ${names('c.oid', 'k.conkey')}) AS one
  FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c'
  UNION ALL
  SELECT json_build_object('name', k.conname,
    'expression', regexp_replace(regexp_replace(pg_get_constraintdef(k.oid), '^CHECK ', ''), '\mVALUE\M', quote_ident(a.attname), 'g'),
    'columns', json_build_array(a.attname))
  FROM pg_attribute AS a JOIN types AS y ON y.oid = a.atttypid AND NOT y.is_array
  JOIN pg_constraint AS k ON k.contypid = ANY (y.constraints) AND k.contype = 'c'
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT json_build_object('name', 'partitions of ' || c.relname,
    'expression', (SELECT string_agg('(' || coalesce(pg_get_partition_constraintdef(p.relid), 'true') || ')', ' OR ') FROM pg_partition_tree(c.oid) AS p WHERE p.isleaf),
    'columns', ${names('c.oid', "string_to_array((SELECT q.partattrs::text FROM pg_partitioned_table AS q WHERE q.partrelid = c.oid), ' ')::int2[]")})
  WHERE c.relkind = 'p' AND EXISTS (SELECT FROM pg_partition_tree(c.oid) AS p WHERE p.isleaf)
) AS checks`;

function query(version_num: number): string {
  const nulls_distinct = version_num >= 150_000 ? 'NOT i.indnullsnotdistinct' : 'true';
  return String.raw`${TYPES}
SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name, (${COLUMNS}) AS columns,
  (${UNIQUES(nulls_distinct)}) AS uniques, (${REFERENCES}) AS references, (${CHECKS}) AS checks
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 2, 3`;
}

/** Every table that rows can be put into, by schema and name. */
export async function readSchema(client: OwnClient, version_num: number): Promise<readonly TableSchema[]> {
  const { rows } = await client.query<Record<string, unknown>>(query(version_num));
  const tables: TableSchema[] = [];
  for (const row of rows) {
    const found = await client.query(
      `SELECT EXISTS (SELECT FROM ${tableSql({ schema: String(row['schema']), name: String(row['name']) })}) AS has_rows`,
    );
    const parsed = v.safeParse(TABLE, { ...row, ...found.rows[0] });
    if (!parsed.success) {
      throw new UnfitError(`the server describes ${String(row['name'])} in a way that is not understood`);
    }
    tables.push(parsed.output);
  }
  return tables;
}

/** A table as SQL names it. */
export function tableSql({ schema, name }: Pick<TableSchema, 'schema' | 'name'>): string {
  return [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** A table as a person names it. */
export function tableName({ schema, name }: Pick<TableSchema, 'schema' | 'name'>): string {
  return `${schema}.${name}`;
}
