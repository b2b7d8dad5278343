/** The safer way beside what fails. */
import { CHECK_IDS } from '#harness/core/guard/catalogue/ids.ts';
import { saferWayFor } from '#harness/core/guard/catalogue/safer-way.ts';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import { sameRelation } from './attribution.ts';
import type { CheckVerdict } from './verdict.ts';

/** A name as the catalogue of the server has it. */
function unquoted(name: string): string {
  return name.replaceAll(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"'));
}

/** Type of a column before the migration, as it was read when the rows were kept. */
function typeBefore({ content }: MigrationFacts): (table: string, column: string) => string | undefined {
  return (table, column) =>
    content?.tables
      .find((fate) => sameRelation(fate.table, unquoted(table)))
      ?.columns.find((fate) => fate.column === unquoted(column))?.type_before;
}

/** The verdict with the safer way of the first statement that has one. */
export function saferFor(found: CheckVerdict, migration: MigrationFacts): CheckVerdict {
  const check = CHECK_IDS.find((id) => id === found.check);
  if (found.outcome !== 'fail' || found.safer !== undefined || check === undefined) return found;
  for (const { index } of found.statements) {
    const statement = migration.statements.find((one) => one.index === index);
    const safer = statement && saferWayFor(check, statement, typeBefore(migration));
    if (safer !== undefined) return { ...found, safer };
  }
  return found;
}
