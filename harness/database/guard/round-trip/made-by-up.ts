/** What a second run of a migration makes otherwise than the first one, without anything being wrong. */
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import type { Schema } from './schema.ts';

/**
 * Takes out of the comparison of two runs of an up what follows from how it makes things: a table that it makes and fills has
 * more rows when rows were written in between, and what it fills with `now()` or `random()` is another one each time, in
 * every row. Only tables and columns that were not there before can be like this; all else is held against the state
 * before, after the way back.
 */
export function withoutMadeAnew({ tables }: ContentFacts, before: Schema): ContentFacts {
  return { tables: tables.map((fate) => tableWithout(fate, before)) };
}

function tableWithout(fate: TableFate, before: Schema): TableFate {
  const columns = fate.columns.map((column) =>
    before.has(`column ${fate.table}.${column.column}`) ? column : columnWithout(column),
  );
  if (before.has(`table ${fate.table}`)) return { ...fate, columns };
  const has_other_keys = fate.rows_lost === fate.rows_before && fate.rows_added >= fate.rows_lost;
  return {
    ...fate,
    columns,
    rows_added: 0,
    ...(has_other_keys ? { rows_lost: 0, examples: [] } : {}),
  };
}

function columnWithout(fate: ColumnFate): ColumnFate {
  return fate.changed === fate.filled ? { ...fate, changed: 0, truncated: 0, examples: [] } : fate;
}
