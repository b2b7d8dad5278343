/** The tables of a database with what identifies them and their rows across a migration: object ids, not names. */
import type { ClientBase } from 'pg';
import { array, boolean, type InferOutput, looseObject, number, parse, string } from 'valibot';
import { askBy, askJson, identifier, SAME_WORDS } from '../../ask.ts';

/** Schema of the guard's own tables: no part of what is judged. */
export const GUARD_SCHEMA = 'mettle_guard';

const COLUMN = looseObject({
  /** Number that a column keeps when it is renamed. */
  attnum: number(),
  name: string(),
  /** With its length or precision: `character varying(16)`. */
  type: string(),
  /** Without it, as a cast takes it that must cut nothing off. */
  plain_type: string(),
  /** A type of the server's own, which no migration can drop or change. */
  is_builtin: boolean(),
  /**
   * Of another type, what gives its values their words: the labels of a list, or the extension that brings it. Empty where that
   * cannot be told.
   */
  words: array(string()),
  /** Its values are words: what is cut off at their end is a truncation. */
  is_text: boolean(),
  is_collatable: boolean(),
  /** Computed when it is read, so that its values can change without any row being written. */
  is_virtual: boolean(),
});

const TABLE = looseObject({
  oid: number(),
  schema: string(),
  name: string(),
  is_partitioned: boolean(),
  /** Files in which its rows lie: its own, or those of its partitions. */
  files: array(string()),
  columns: array(COLUMN),
  /** Sets of columns (attnum) that tell its rows apart and are never NULL; the primary key is the first. */
  keys: array(array(number())),
  has_primary_key: boolean(),
  foreign_keys: array(looseObject({ columns: array(number()), to: number(), to_columns: array(number()) })),
});

export type Column = InferOutput<typeof COLUMN>;
export type CatalogueTable = InferOutput<typeof TABLE>;

const CATALOGUE = looseObject({ tables: array(TABLE) });

const list = (what: string, order: string, from: string): string =>
  `(SELECT coalesce(json_agg(${what} ORDER BY ${order}), '[]') FROM ${from})`;

const STATEMENT = `SELECT json_build_object('tables', ${list(
  `json_build_object(
    'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'is_partitioned', c.relkind = 'p',
    'files', ${list(
      "p.relid::oid || ':' || pg_relation_filenode(p.relid)",
      'p.relid::oid',
      `(SELECT relid FROM pg_partition_tree(c.oid) WHERE c.relkind = 'p' AND isleaf UNION ALL SELECT c.oid WHERE c.relkind = 'r') p`,
    )},
    'columns', ${list(
      `json_build_object('attnum', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
        'plain_type', format_type(a.atttypid, -1),
        'is_builtin', t.oid < 16384 AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm'),
        'words', ${list(
          'w.word',
          'w.word',
          `(SELECT l.oid || ' ' || l.enumlabel AS word FROM pg_enum l WHERE l.enumtypid = e.oid
            UNION ALL SELECT x.extname || ' ' || x.extversion FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
            WHERE d.classid = 'pg_type'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e') w`,
        )},
        'is_text', t.typcategory = 'S', 'is_collatable', t.typcollation <> 0, 'is_virtual', a.attgenerated = 'v')`,
      'a.attnum',
      `pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        JOIN pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`,
    )},
    'keys', ${list(
      `(SELECT json_agg(k.attnum ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
        WHERE k.place <= x.indnkeyatts)`,
      'x.indisprimary DESC, x.indnkeyatts, x.indexrelid',
      `pg_index x WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attnotnull
          AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))`,
    )},
    'has_primary_key', EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary),
    'foreign_keys', ${list(
      `json_build_object('columns', f.conkey, 'to', f.confrelid::bigint, 'to_columns', f.confkey)`,
      'f.oid',
      `pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'`,
    )})`,
  'n.nspname, c.relname',
  `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
     AND n.nspname NOT IN ('information_schema', '${GUARD_SCHEMA}') AND n.nspname NOT LIKE 'pg!_%' ESCAPE '!'
     OR c.oid = 'pg_catalog.pg_largeobject'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_largeobject)`,
)})::text`;

/**
 * Tables as a reader of the whole database sees them: a partitioned one as one table. No view, whose content follows; no
 * foreign table, whose content is elsewhere; nothing temporary. Large objects are a table of their pages, where there are any.
 * @throws UnfitError when the database does not tell
 */
export async function catalogueOf(client: ClientBase): Promise<readonly CatalogueTable[]> {
  const answer = await askJson(askBy(client), 'what tables it has', `${SAME_WORDS}${STATEMENT};`);
  return parse(CATALOGUE, answer).tables;
}

/** Whether the values of a column keep their words for as long as nobody writes its rows, as far as its type tells. */
export function hasSteadyWords({ is_builtin, is_virtual, words }: Column): boolean {
  return !is_virtual && (is_builtin || words.length > 0);
}

/** That a type still gives its values the words that it gave them. */
export function keepsWords(before: Column, now: Column | undefined): boolean {
  if (!hasSteadyWords(before)) return false;
  return before.is_builtin || before.words.every((word) => now?.words.includes(word) === true);
}

export function tableName({ schema, name }: CatalogueTable): string {
  return `${schema}.${name}`;
}

/** The rows of a table and of no other, as a FROM clause takes them. */
export function rowsOf({ schema, name, is_partitioned }: CatalogueTable): string {
  return `${is_partitioned ? '' : 'ONLY '}${identifier(schema)}.${identifier(name)}`;
}
