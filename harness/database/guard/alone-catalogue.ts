/** Files and indexes of a database, as the session of a migration sees them in the middle of its transaction. */
import type { ClientBase } from 'pg';

interface Relation {
  /** `schema.name`. */
  readonly name: string;
  /** `r` table, `p` partitioned table, `m` materialized view, `i` index, and so on: `pg_class.relkind`. */
  readonly kind: string;
  /** Number of its file on disk; 0 where it has none. */
  readonly file: number;
  readonly bytes: number;
  /** Of an index: number of its table. */
  readonly table?: string;
}

/** By number (`pg_class.oid`). */
export type Relations = ReadonlyMap<string, Relation>;

type Row = readonly [string, string, string, string, string, string | null];

/** Names are written in full, because the migration may set the path by which others are found. */
const STATEMENT = String.raw`SELECT c.oid::pg_catalog.text, n.nspname || '.' || c.relname, c.relkind::pg_catalog.text,
    c.relfilenode::pg_catalog.text, coalesce(pg_catalog.pg_relation_size(c.oid), 0)::pg_catalog.text, x.indrelid::pg_catalog.text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

export async function relationsOf(client: ClientBase): Promise<Relations> {
  const { rows } = await client.query<[...Row]>({ text: STATEMENT, rowMode: 'array' });
  return new Map(
    rows.map(([oid, name, kind, file, bytes, table]) => [
      oid,
      { name, kind, file: Number(file), bytes: Number(bytes), ...(table === null ? {} : { table }) },
    ]),
  );
}

/** What holds rows in a file of its own: tables and materialized views. */
const HOLDS_ROWS: ReadonlySet<string> = new Set(['r', 'm']);

/**
 * Tables that have another file than before and had rows in it; one that was emptied has no rows in the new one.
 * @param first before the whole migration: it may have renamed what it writes anew
 */
export function rewrittenBetween(before: Relations, after: Relations, first: Relations): readonly string[] {
  return [...before].flatMap(([oid, { name, kind, file, bytes }]) => {
    const now = after.get(oid);
    const is_rewritten =
      now !== undefined && HOLDS_ROWS.has(kind) && now.file !== file && bytes > 0 && now.bytes > 0;
    return is_rewritten ? [first.get(oid)?.name ?? name] : [];
  });
}

/** Indexes, and the tables that they are of. */
interface Built {
  readonly indexes: readonly string[];
  readonly tables: readonly string[];
}

/**
 * Indexes that were built over rows between two looks, anew or for the first time.
 * @param first before the whole migration: indexes of tables that it made itself are none
 */
export function builtBetween(before: Relations, after: Relations, first: Relations): Built {
  const built = [...after].flatMap(([oid, { name, file, table }]) => {
    const of = table === undefined ? undefined : first.get(table);
    if (table === undefined || of === undefined) return [];
    const holds_rows = (after.get(table)?.bytes ?? 0) > 0;
    return holds_rows && file !== 0 && before.get(oid)?.file !== file ? [{ name, table: of.name }] : [];
  });
  return {
    indexes: built.map(({ name }) => name),
    tables: [...new Set(built.map(({ table }) => table))],
  };
}
