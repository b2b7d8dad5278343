/** The table in which a migration tool keeps which migrations it has run. */
import type { Migration } from './types.ts';

/** A tool's own table, and how it is read and written. */
export interface History {
  /** Where the tool makes it unless it is told otherwise. */
  readonly table: string;
  /** A column that only this tool's table has: two tools call theirs `schema_migrations`. */
  readonly column: string;
  /** What the tool makes before it runs anything, where it is not there yet. */
  readonly create_sql: string;
  /** A query of one text in JSON: a list of what is applied, as `keyOf` writes it unless `keysIn` makes that of it. */
  appliedSql(table: string): string;
  /**
   * For a tool whose rows are more than a list of keys.
   * @throws RefusedError when the tool itself would refuse to go on
   */
  readonly keysIn?: (rows: readonly string[], applying: Applying) => readonly string[];
  keyOf(migration: Migration): string;
  /** What the tool writes once a migration has run. */
  markSql(migration: Migration): string;
  /** What the tool writes once a migration was taken back. */
  unmarkSql(migration: Migration): string;
}

/** What a table is read for. */
export interface Applying {
  readonly table: string;
  readonly migrations: readonly Migration[];
}
