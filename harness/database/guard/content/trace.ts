/** Which table of before is which one of afterwards, and which column: by object id, then by name. */
import { type CatalogueTable, type Column, tableName } from './catalogue.ts';

/** A table of before and what it is now; `now` is undefined when it is gone. */
export interface TracedTable {
  readonly before: CatalogueTable;
  readonly now: CatalogueTable | undefined;
  readonly columns: readonly TracedColumn[];
}

export interface TracedColumn {
  readonly before: Column;
  readonly now: Column | undefined;
}

/** A column that was dropped and added again under its name is the same one to whoever reads it. */
function traceColumns(
  before: CatalogueTable,
  now: CatalogueTable,
  same_table: boolean,
): readonly TracedColumn[] {
  const numbers = new Set(before.columns.map(({ attnum }) => attnum));
  return before.columns.map((column) => {
    const by_number = same_table ? now.columns.find(({ attnum }) => attnum === column.attnum) : undefined;
    const by_name = now.columns.find(
      ({ name, attnum }) => name === column.name && !(same_table && numbers.has(attnum)),
    );
    return { before: column, now: by_number ?? by_name };
  });
}

/** A table that was made anew under the name of one that is gone, as a copy is that takes its place, is the same to its readers. */
export function traceTables(
  before: readonly CatalogueTable[],
  after: readonly CatalogueTable[],
): readonly TracedTable[] {
  const ids = new Set(before.map(({ oid }) => oid));
  return before.map((table) => {
    const by_id = after.find(({ oid }) => oid === table.oid);
    const by_name = after.find((one) => tableName(one) === tableName(table) && !ids.has(one.oid));
    const now = by_id ?? by_name;
    return {
      before: table,
      now,
      columns:
        now === undefined
          ? table.columns.map((column) => ({ before: column, now: undefined }))
          : traceColumns(table, now, by_id !== undefined),
    };
  });
}
