/** What became of rows and values: one row of facts for each table and column of before. */

/** What became of one column of a table that existed before. */
export interface ColumnFate {
  /** As it was called before. */
  readonly column: string;
  /** As it is called afterwards; absent when it is gone. */
  readonly now?: string;
  readonly type_before: string;
  readonly type_after?: string;
  /** Values that were there (not NULL) before. */
  readonly filled: number;
  /** Rows whose value is another one, NULL apart. */
  readonly changed: number;
  /** Among the changed: the new text is a true beginning of the old one. */
  readonly truncated: number;
  /** Rows whose value became NULL. */
  readonly nulled: number;
  /** Rows that had no value (NULL) and have one now: a backfill, or a trip that did not take everything back. */
  readonly gained: number;
  /** Values that are nowhere any more: the column is gone, and no other column holds them. */
  readonly lost: number;
  /** Where all values of a column that is gone are found: `schema.table.column`. */
  readonly moved_to?: string;
  /** Primary keys of rows concerned, never contents; at most 5. */
  readonly examples: readonly string[];
}

export interface TableFate {
  /** `schema.table` before. */
  readonly table: string;
  /** Afterwards; absent when it is gone. */
  readonly now?: string;
  readonly rows_before: number;
  readonly rows_after: number;
  /** Rows of before that are gone, by key where there is one. */
  readonly rows_lost: number;
  readonly rows_added: number;
  /** Where all rows are found that are gone from it, or all of a table that is gone. They do not count as lost. */
  readonly moved_to?: string;
  readonly examples: readonly string[];
  readonly columns: readonly ColumnFate[];
  /** Values of columns that are not listed, because nothing happened to the table and the migration does not name it. */
  readonly values_as_before?: number;
}

export interface ContentFacts {
  readonly tables: readonly TableFate[];
}
