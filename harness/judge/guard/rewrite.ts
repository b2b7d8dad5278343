/** Tables that are written anew, and indexes that are built, while a lock keeps others out. */
import type { StatementCost } from '#harness/core/guard/facts.ts';
import { sameRelation, tablesBefore } from './attribution.ts';
import { type Check, holds, need, needPart, type Subject } from './check.ts';
import { blocksWriters } from './lock-modes.ts';
import type { Severity } from './verdict.ts';
import { counted, list, ms, statementName } from './words.ts';

/** A table up to this size is written anew in no time, and it is seldom one that grows. */
const SMALL_ROWS = 100;

interface Costly {
  readonly index: number;
  readonly what: string;
  readonly table: string;
  readonly rows: number;
  readonly duration_ms: number;
}

/** Rows that the table has in production, where somebody said so, else on the copy. */
function rowsOf({ facts, migration }: Subject, table: string): number {
  const said = Object.entries(facts.data.real_rows ?? {}).find(([name]) => sameRelation(name, table))?.[1];
  const there = tablesBefore(facts, migration).find((one) => sameRelation(one.table, table));
  return said ?? there?.rows ?? 0;
}

/** Tables on which a statement built an index while writers were kept out of them. */
function indexedUnderLock({ facts, migration }: Subject, cost: StatementCost): readonly string[] {
  if (cost.indexes_built.length === 0) return [];
  const statement = migration.statements.find(({ index }) => index === cost.index);
  // The index of a table that the statement itself makes keeps nobody out.
  if (statement?.kind === 'CreateStmt') return [];
  return Object.entries(cost.locks)
    .filter(
      ([table, mode]) =>
        blocksWriters(mode) &&
        statement?.relations.some((relation) => sameRelation(relation, table)) &&
        tablesBefore(facts, migration).some((one) => sameRelation(one.table, table)),
    )
    .map(([table]) => table);
}

function costsOf(subject: Subject, costs: readonly StatementCost[]): readonly Costly[] {
  return costs.flatMap((cost) => {
    const { index, duration_ms, rewritten } = cost;
    const of = (what: string) => (table: string) => ({
      index,
      what,
      table,
      rows: rowsOf(subject, table),
      duration_ms,
    });
    const built = indexedUnderLock(subject, cost).filter((table) => !rewritten.includes(table));
    return [...rewritten.map(of('writes anew')), ...built.map(of('builds an index on'))];
  });
}

function line({ index, what, table, rows, duration_ms }: Costly): string {
  return `${statementName(index)} ${what} ${table} (${counted(rows, 'row')}) in ${ms(duration_ms)}`;
}

/** The time that others are kept out grows with the table, whatever it was on this copy. */
export const tableRewrite: Check = {
  id: 'table-rewrite',
  grounds: ['data-present'],
  find: (subject) => {
    const { migration, budgets } = subject;
    const alone = needPart(migration, 'alone', 'it was never run on the data');
    const limit = `0 tables of more than ${SMALL_ROWS} rows written anew or indexed under a lock that stops writers`;
    const costly = costsOf(subject, alone.statements);
    const large = costly.filter(({ rows }) => rows > SMALL_ROWS);
    if (large.length > 0) {
      const longest_ms = Math.max(...large.map(({ duration_ms }) => duration_ms));
      const severity: Severity =
        longest_ms > Math.min(budgets.readers_ms, budgets.writers_ms) ? 'critical' : 'high';
      return {
        outcome: 'fail',
        severity,
        reason: `${list(large.map(line), 2)}, and others are kept out meanwhile; that grows with the table`,
        limit,
        measured: counted(large.length, 'table'),
        statements: [...new Set(large.map(({ index }) => index))],
        items: large.map(line),
      };
    }
    if (alone.outcome === 'refused') need(undefined, 'the server refused it before it was through');
    const found = holds('no table is written anew or indexed under a lock that stops writers', limit, {
      measured: '0 tables',
    });
    if (costly.length === 0) return found;
    return {
      ...found,
      severity: 'low',
      reason: `${list(costly.map(line), 2)}: small tables`,
      statements: [...new Set(costly.map(({ index }) => index))],
      items: costly.map(line),
    };
  },
};
