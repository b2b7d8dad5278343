/** What a neutral workload needs to know of tables, in the words of the server. */
import type { ClientBase } from 'pg';
import { array, boolean, type InferOutput, nullable, number, object, parse, string } from 'valibot';
import { identifier } from '../ask.ts';

const COLUMN = object({
  name: string(),
  /** `pg_type.typcategory`: N number, S text, B truth, D time, E one of a list, U others. */
  category: string(),
  /** Without length: `character varying`. */
  type: string(),
  /** Longest text that it takes; null where it says none. */
  length: nullable(number()),
  /** Of a type that is a list. */
  labels: array(string()),
  is_required: boolean(),
  /** The server fills it when nothing is said. */
  has_default: boolean(),
  /** Nobody else may write it. */
  is_generated: boolean(),
  /** No two rows may have the same value in it, or in it and others together. */
  is_unique: boolean(),
});

const TABLE = object({
  schema: string(),
  name: string(),
  has_rows: boolean(),
  /** Columns of the primary key, in its order. */
  key: array(string()),
  columns: array(COLUMN),
});

export type DerivedTable = InferOutput<typeof TABLE>;
export type DerivedColumn = InferOutput<typeof COLUMN>;

const OF_COLUMN = `json_build_object(
  'name', a.attname,
  'category', y.typcategory,
  'type', format_type(a.atttypid, NULL),
  'length', CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
  'labels', (SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum e WHERE e.enumtypid = a.atttypid),
  'is_required', a.attnotnull,
  'has_default', a.atthasdef OR a.attidentity <> '',
  'is_generated', a.attgenerated <> '' OR a.attidentity = 'a',
  'is_unique', EXISTS (SELECT FROM pg_index x WHERE x.indrelid = a.attrelid AND (x.indisunique OR x.indisexclusion)
                       AND (a.attnum = ANY (x.indkey) OR x.indexprs IS NOT NULL)))`;

const STATEMENT = String.raw`SELECT json_build_object(
    'schema', n.nspname, 'name', c.relname,
    'has_rows', pg_relation_size(c.oid) > 0,
    'key', (SELECT coalesce(json_agg(a.attname ORDER BY array_position(k.conkey, a.attnum)), '[]') FROM pg_constraint k
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
            WHERE k.conrelid = c.oid AND k.contype = 'p'),
    'columns', (SELECT coalesce(json_agg(${OF_COLUMN} ORDER BY a.attnum), '[]') FROM pg_attribute a
                JOIN pg_type y ON y.oid = a.atttypid
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS described
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'mettle_guard'
    AND ($1::text[] IS NULL OR n.nspname || '.' || c.relname = ANY ($1))
  ORDER BY pg_relation_size(c.oid) DESC, n.nspname, c.relname`;

/**
 * Tables that are not parts of another one, the largest first.
 * @param wanted `schema.table` of those that are asked for; all when absent
 */
export async function describeTables(
  client: ClientBase,
  wanted?: readonly string[],
): Promise<readonly DerivedTable[]> {
  const { rows } = await client.query<{ described: unknown }>(STATEMENT, [wanted ?? null]);
  return rows.map(({ described }) => parse(TABLE, described));
}

/** `"schema"."table"`, as SQL takes it. */
export function quoted({ schema, name }: DerivedTable): string {
  return `${identifier(schema)}.${identifier(name)}`;
}
