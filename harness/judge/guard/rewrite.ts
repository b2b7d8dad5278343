/** Tables that are written anew, and indexes that are built, while a lock keeps others out. */
import type { StatementCost, TableSize } from '#harness/core/guard/facts.ts';
import { sameRelation, tablesBefore } from './attribution.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Check, holds, need, needPart, type Subject } from './check.ts';
import { blocksWriters } from './lock-modes.ts';
import type { Severity } from './verdict.ts';
import { tableOf } from './touched-tables.ts';
import { counted, list, ms, statementName } from './words.ts';

/** A table up to this size is written anew in no time, and it is seldom one that grows. */
const SMALL_ROWS = 100;

interface Costly {
  readonly index: number;
  readonly what: string;
  readonly table: string;
  readonly rows: number;
  /** Somebody counted its rows, or the migration made it itself. */
  readonly is_counted: boolean;
  readonly duration_ms: number;
}

/** Tables and partitions that one statement does the same to, put together by the table that they are parts of. */
interface Together {
  readonly table: TableSize | undefined;
  readonly names: readonly string[];
}

function together({ facts, migration }: Subject, names: readonly string[]): readonly Together[] {
  const tables = tablesBefore(facts, migration);
  const groups = Map.groupBy(names, (name) => tableOf(tables, name) ?? name);
  return [...groups].map(([table, some]) => ({
    table: typeof table === 'string' ? undefined : table,
    names: some,
  }));
}

/** Rows that they have in production, where somebody said so of the table or of the parts, else on the copy. */
function rowsOf({ facts }: Subject, { table, names }: Together): number {
  if (table === undefined) return 0;
  const said = (of: string): number | undefined =>
    Object.entries(facts.data.real_rows ?? {}).find(([name]) => sameRelation(name, of))?.[1];
  const whole = said(table.table) ?? table.rows;
  if (names.includes(table.table)) return whole;
  const scale = table.rows === 0 ? 1 : whole / table.rows;
  return (table.parts ?? [])
    .filter((part) => names.includes(part.table))
    .reduce((sum, part) => sum + (said(part.table) ?? part.rows * scale), 0);
}

function nameOf({ table, names }: Together): string {
  const [only = '', ...others] = names;
  return table === undefined || others.length === 0 ? only : table.table;
}

/** Tables on which a statement built an index while writers were kept out of them. */
function indexedUnderLock({ facts, migration }: Subject, cost: StatementCost): readonly string[] {
  if (cost.indexes_built.length === 0) return [];
  const locked = Object.entries(cost.locks)
    .filter(([, mode]) => blocksWriters(mode))
    .map(([table]) => table);
  if (cost.indexed !== undefined) return locked.filter((table) => cost.indexed?.includes(table));
  const statement = migration.statements.find(({ index }) => index === cost.index);
  // The index of a table that the statement itself makes keeps nobody out.
  if (statement?.kind === 'CreateStmt') return [];
  return locked.filter(
    (table) =>
      statement?.relations.some((relation) => sameRelation(relation, table)) &&
      tablesBefore(facts, migration).some((one) => sameRelation(one.table, table)),
  );
}

function costsOf(subject: Subject, costs: readonly StatementCost[]): readonly Costly[] {
  return costs.flatMap((cost) => {
    const { index, duration_ms, rewritten } = cost;
    const of = (what: string, names: readonly string[]): readonly Costly[] =>
      together(subject, names).map((some) => ({
        index,
        what,
        table: nameOf(some),
        rows: rowsOf(subject, some),
        is_counted: some.table !== undefined || !some.names.some((name) => name in cost.locks),
        duration_ms,
      }));
    const built = indexedUnderLock(subject, cost).filter((table) => !rewritten.includes(table));
    return [...of('writes anew', rewritten), ...of('builds an index on', built)];
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
    const uncounted = costly.find(({ is_counted }) => !is_counted);
    if (uncounted !== undefined) {
      throw new MissingEvidence(
        `${statementName(uncounted.index)} ${uncounted.what} ${uncounted.table}, and nobody counted its rows`,
      );
    }
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
