/** Rows and values: what was there before and is gone, or is another one now. */
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import { statementsAbout } from './attribution.ts';
import { type Check, type Found, holds, needPart } from './check.ts';
import type { Severity } from './verdict.ts';
import { counted, list, share } from './words.ts';

/** Columns that a tool adds for the time of a migration, to mark which rows it has come to. Source: pgroll, `CNeedsBackfillColumn`. */
const MARKS_OF_TOOLS: Readonly<Record<string, string>> = { pgroll: '_pgroll_needs_backfill' };

/** Share of the rows or values from which a loss is critical. */
const CRITICAL_SHARE = 0.01;

export function severityOf(lost: number, of: number): Severity {
  if (lost === 0) return 'none';
  return lost >= of * CRITICAL_SHARE ? 'critical' : 'high';
}

/** Rows of a table that are nowhere any more. */
function rowsLost({ now, moved_to, rows_before, rows_lost }: TableFate): number {
  if (moved_to !== undefined) return rows_lost;
  return now === undefined ? Math.max(rows_lost, rows_before) : rows_lost;
}

function examplesOf(examples: readonly string[]): string {
  return examples.length === 0 ? '' : ` (for example ${list(examples)})`;
}

/** What became of the rows, as a check finds it. */
export function judgeRows({ tables }: ContentFacts, migration: MigrationFacts): Found {
  const limit = '0 rows lost';
  const losing = tables.filter((table) => rowsLost(table) > 0);
  const total = tables.reduce((sum, { rows_before }) => sum + rows_before, 0);
  if (losing.length === 0) {
    const dropped = tables.filter(({ now, moved_to }) => now === undefined && moved_to === undefined);
    const measured = `0 of ${counted(total, 'row')}`;
    if (dropped.length === 0) return holds(`all ${counted(total, 'row')} are there`, limit, { measured });
    return {
      ...holds(`${list(dropped.map(({ table }) => table))} is gone, but held no row`, limit, { measured }),
      severity: 'low',
      statements: dropped.flatMap(({ table }) => statementsAbout(migration, table)),
    };
  }
  const lost = losing.reduce((sum, table) => sum + rowsLost(table), 0);
  const of = losing.reduce((sum, { rows_before }) => sum + rows_before, 0);
  const items = losing.map(
    (table) =>
      `${table.table}: ${counted(rowsLost(table), 'row')} of ${counted(table.rows_before, 'row')} lost${table.now === undefined ? ' with the table' : ''}${examplesOf(table.examples)}`,
  );
  return {
    outcome: 'fail',
    severity: severityOf(lost, of),
    reason: `${counted(lost, 'row')} of ${list(losing.map(({ table }) => table))} ${lost === 1 ? 'is' : 'are'} gone (${share(lost, of)})`,
    limit,
    measured: `${counted(lost, 'row')} lost`,
    statements: unique(losing.flatMap(({ table }) => statementsAbout(migration, table))),
    items,
  };
}

export const rowsKept: Check = {
  id: 'rows-kept',
  grounds: ['data-present'],
  find: ({ migration }) =>
    judgeRows(needPart(migration, 'content', 'nobody compared the rows before and after'), migration),
};

interface Harm {
  readonly table: string;
  readonly fate: ColumnFate;
  readonly values: number;
}

const columnName = ({ table, fate }: Harm): string => `${table}.${fate.column}`;

/** A value counts once: one that was cut off is among those that changed. */
function harmed(fate: ColumnFate): number {
  return fate.changed + fate.nulled + lostWith(fate);
}

/** Values of a column that is gone and is found nowhere else. */
function lostWith({ now, moved_to, lost, filled }: ColumnFate): number {
  return now === undefined && moved_to === undefined ? Math.max(lost, filled) : lost;
}

function fateLine({ table, fate }: Harm): string {
  const { changed, truncated, nulled, filled } = fate;
  const lost = lostWith(fate);
  const parts = [
    lost > 0 ? `${counted(lost, 'value')} lost with the column` : undefined,
    truncated > 0 ? `${counted(truncated, 'value')} cut off` : undefined,
    changed > truncated ? `${counted(changed - truncated, 'value')} changed` : undefined,
    nulled > 0 ? `${counted(nulled, 'value')} became NULL` : undefined,
  ].flatMap((part) => part ?? []);
  const types =
    fate.type_after !== undefined && fate.type_after !== fate.type_before
      ? `, ${fate.type_before} to ${fate.type_after}`
      : '';
  return `${table}.${fate.column}: ${list(parts)} of ${counted(filled, 'value')}${types}${examplesOf(fate.examples)}`;
}

function verb(harms: readonly Harm[]): string {
  const sum = (of: (fate: ColumnFate) => number): number =>
    harms.reduce((total, { fate }) => total + of(fate), 0);
  const [lost, truncated, nulled] = [sum(lostWith), sum((f) => f.truncated), sum((f) => f.nulled)];
  const all = sum(harmed);
  if (lost === all) return 'lost';
  if (truncated === all) return 'cut off';
  if (nulled === all) return 'NULL now';
  return sum((f) => f.changed) === all && truncated === 0 ? 'changed' : 'lost or changed';
}

/** What became of the values in rows that stay, as a check finds it. */
export function judgeValues({ tables }: ContentFacts, migration: MigrationFacts): Found {
  const limit = '0 values lost or changed';
  // The values of a table that is gone are counted by its rows.
  const columns = tables
    .filter(({ now, moved_to }) => now !== undefined || moved_to !== undefined)
    .flatMap(({ table, columns: fates }) =>
      fates.map((fate): Harm => ({ table, fate, values: harmed(fate) })),
    )
    .filter(({ fate }) => fate.column !== MARKS_OF_TOOLS[migration.tool]);
  const harms = columns.filter(({ values }) => values > 0);
  const total =
    columns.reduce((sum, { fate }) => sum + fate.filled, 0) +
    tables.reduce((sum, { values_as_before = 0 }) => sum + values_as_before, 0);
  const about = (some: readonly Harm[]): readonly number[] =>
    unique(some.flatMap(({ table, fate }) => statementsAbout(migration, table, fate.column)));
  if (harms.length === 0) {
    const dropped = columns.filter(({ fate }) => fate.now === undefined && fate.moved_to === undefined);
    const given = columns.filter(({ fate }) => fate.now !== undefined && fate.gained > 0);
    const nulls = given.reduce((sum, { fate }) => sum + fate.gained, 0);
    const measured = `0 of ${counted(total, 'value')}`;
    const remarks = [
      ...(dropped.length === 0 ? [] : [`${list(dropped.map(columnName))} is gone, but held no value`]),
      ...(nulls === 0
        ? []
        : [
            `${counted(nulls, 'NULL')} of ${list(given.map(columnName))} ${nulls === 1 ? 'was' : 'were'} given a value`,
          ]),
    ];
    const kept = `all ${counted(total, 'value')} are as they were`;
    if (remarks.length === 0) return holds(kept, limit, { measured });
    return {
      ...holds([...(nulls === 0 ? [] : [kept]), ...remarks].join('; '), limit, { measured }),
      severity: 'low',
      statements: about([...dropped, ...given]),
    };
  }
  const values = harms.reduce((sum, harm) => sum + harm.values, 0);
  const filled = harms.reduce((sum, { fate }) => sum + fate.filled, 0);
  const silent = harms.some(({ fate }) => fate.changed + fate.nulled > 0);
  return {
    outcome: 'fail',
    severity: severityOf(values, filled),
    reason: `${counted(values, 'value')} of ${list(harms.map(({ table, fate }) => `${table}.${fate.column}`))} ${values === 1 ? 'is' : 'are'} ${verb(harms)} (${share(values, filled)})${silent ? ', and the server said nothing' : ''}`,
    limit,
    measured: `${counted(values, 'value')} ${verb(harms)}`,
    statements: about(harms),
    items: harms.map(fateLine),
  };
}

export const valuesKept: Check = {
  id: 'values-kept',
  grounds: ['data-present'],
  find: ({ migration }) =>
    judgeValues(needPart(migration, 'content', 'nobody compared the values before and after'), migration),
};

function unique(indexes: readonly number[]): readonly number[] {
  return [...new Set(indexes)].toSorted((left, right) => left - right);
}
