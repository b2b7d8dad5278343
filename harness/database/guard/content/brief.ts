/** Facts about rows without the columns of tables in which nothing happened: a history of hundreds of migrations is about those. */
import type { ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';

/** Whether anything became of a table, its rows or its values. */
export function differs({ table, now, rows_lost, rows_added, columns }: TableFate): boolean {
  return (
    now !== table ||
    rows_lost + rows_added > 0 ||
    columns.some(
      (fate) =>
        fate.now !== fate.column ||
        fate.type_after !== fate.type_before ||
        fate.changed + fate.nulled + fate.gained + fate.lost > 0,
    )
  );
}

/** The tables in which anything happened. */
export function onlyDiffering({ tables }: ContentFacts): ContentFacts {
  return { tables: tables.filter(differs) };
}

/**
 * All tables, but of those in which nothing happened and that are not named only how many values they hold.
 * @param named tables of which every column is to be told, `schema.table`
 */
export function inBrief({ tables }: ContentFacts, named: ReadonlySet<string>): ContentFacts {
  return {
    tables: tables.map((fate) => {
      if (named.has(fate.table) || differs(fate)) return fate;
      return {
        ...fate,
        columns: [],
        values_as_before: fate.columns.reduce((sum, { filled }) => sum + filled, 0),
      };
    }),
  };
}
