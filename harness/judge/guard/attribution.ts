/** Which statements of a migration a finding is about. */
import type { DataFacts, MigrationFacts, StatementFacts } from '#harness/core/guard/facts.ts';

/** Name without its schema. */
export function bareName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Whether two names mean one relation; a name without a schema means it in any. */
export function sameRelation(left: string, right: string): boolean {
  return left.includes('.') && right.includes('.') ? left === right : bareName(left) === bareName(right);
}

function names(statement: StatementFacts, column: string): boolean {
  const escaped = column.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'i').test(statement.text);
}

/**
 * Statements that name the table, and of those the ones that name the column where any does. A table that is lost by a
 * cascade is named by none: then nothing is blamed.
 */
export function statementsAbout(
  migration: MigrationFacts,
  table: string,
  column?: string,
): readonly number[] {
  const about = migration.statements.filter(({ relations }) =>
    relations.some((relation) => sameRelation(relation, table)),
  );
  const closer = column === undefined ? [] : about.filter((statement) => names(statement, column));
  return (closer.length > 0 ? closer : about).map(({ index }) => index);
}

/** Tables as the migration found them. */
export function tablesBefore(
  { data }: { readonly data: Pick<DataFacts, 'tables'> },
  { tables }: Pick<MigrationFacts, 'tables'>,
): DataFacts['tables'] {
  return tables ?? data.tables;
}
