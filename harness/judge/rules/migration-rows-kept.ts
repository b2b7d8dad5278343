import type { TableContent } from '#harness/core/recovery.ts';
import { contents } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

type Moved = Readonly<Record<string, string>>;

/** The values of a column belong to the key of their row, so a column that was copied to another has the same sum there. */
function tableProblems(was: TableContent, is: TableContent | undefined, moved: Moved): readonly string[] {
  if (!is) return [`table ${was.table} with ${was.rows} rows is missing`];
  if (is.rows !== was.rows) return [`${was.table} has ${is.rows} rows, and had ${was.rows}`];
  const { table } = was;
  return Object.entries(was.columns ?? {}).flatMap(([name, hash]) => {
    const to = moved[`${table}.${name}`];
    const now = to === undefined ? name : to.slice(table.length + 1);
    const held = is.columns?.[now];
    if (held === hash) return [];
    return [
      held === undefined
        ? `the ${was.rows} values of ${table}.${name} are gone`
        : `${table}.${now} holds other values than ${to === undefined ? 'it' : `${table}.${name}`} held before`,
    ];
  });
}

/** Every row that was there before the first migration is there after the last, with the values that it had. */
export const migrationRowsKept = rule(
  'rows-kept',
  'every row from before the migration is there afterwards and holds what it held',
  (facts) => {
    const { moved = {} } = facts.expectation('migration');
    const { before, after } = contents(facts);
    const tables = before.data.tables;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    if (rows === 0) throw new MissingEvidence('there was no row before the migration: nothing could be lost');
    for (const [table, position] of Object.entries(before.data.up_to)) {
      if (after.data.up_to[table] !== position && after.data.tables.some((one) => one.table === table)) {
        throw new MissingEvidence(`${table} was not read up to the same row before and after`);
      }
    }
    if (tables.some(({ columns }) => columns === undefined)) {
      throw new MissingEvidence('the columns of a table were not read one by one');
    }
    const problems = tables.flatMap((table) =>
      tableProblems(
        table,
        after.data.tables.find((one) => one.table === table.table),
        moved,
      ),
    );
    const columns = tables.reduce((sum, table) => sum + Object.keys(table.columns ?? {}).length, 0);
    const copied = Object.entries(moved).map(([from, to]) => `${from} is now ${to}`);
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${rows} rows hold in ${columns} columns what they held`
          : problems.join('; '),
      limit: '0 rows lost, 0 columns that hold something else',
      measured: `${problems.length} differences in ${rows} rows`,
      ...(copied.length === 0 ? {} : { derivation: copied.join(', ') }),
      evidence: [before.seq, after.seq],
      items: problems,
    };
  },
);
