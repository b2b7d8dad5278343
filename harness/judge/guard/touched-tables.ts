/** Tables that a migration meets: as its statements name them, and as the server saw them locked. */
import type { GuardFacts, MigrationFacts, StatementFacts, TableSize } from '#harness/core/guard/facts.ts';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { bareName, tablesBefore } from './attribution.ts';

/** Schema that the parser takes for that of a name without one. */
const TAKEN_FOR = 'public.';

/** Statements that make a relation which they name first. */
const MAKES: ReadonlySet<string> = new Set(['CreateStmt', 'CreateTableAsStmt', 'ViewStmt']);

/** Locks that code takes for what it does to rows that are there; a foreign key takes none of them on either side. */
const TAKEN_TO_ALTER: ReadonlySet<string> = new Set(['ShareLock', 'AccessExclusiveLock']);

/** Kinds of statements that look at, convert or check the rows of the table that they name first. */
const EXAMINES: ReadonlySet<Meaning['does']> = new Set([
  'change-type',
  'set-not-null',
  'validate-constraint',
  'rewrite-table',
  'create-index',
  'reindex',
  'update',
  'delete',
  'truncate',
]);

/** The table of before that a name is of: itself, or the one that it is a partition of. */
export function tableOf(tables: readonly TableSize[], name: string): TableSize | undefined {
  return tables.find(({ table, parts = [] }) => table === name || parts.some((part) => part.table === name));
}

/** Rows of a table or of a partition of it. */
function rowsOf({ table, rows, parts = [] }: TableSize, name: string): number {
  return table === name ? rows : (parts.find((part) => part.table === name)?.rows ?? rows);
}

/** What the tables that a migration meets are told from. */
interface Ground {
  readonly data: Pick<GuardFacts['data'], 'tables'>;
}

type Met = Pick<MigrationFacts, 'statements' | 'tables' | 'alone'>;

interface Before {
  readonly migration: Met;
  readonly tables: readonly TableSize[];
  /** Names of tables and partitions. */
  readonly names: readonly string[];
  /** Relations that the migration makes. */
  readonly made: ReadonlySet<string>;
}

function beforeOf(facts: Ground, migration: Met): Before {
  const tables = tablesBefore(facts, migration);
  return {
    migration,
    tables,
    names: tables.flatMap(({ table, parts = [] }) => [table, ...parts.map((part) => part.table)]),
    made: new Set(
      migration.statements.flatMap(({ kind, relations: [first] }) =>
        first !== undefined && MAKES.has(kind) ? [first] : [],
      ),
    ),
  };
}

function locksOf({ alone }: Met, index: number): Readonly<Record<string, string>> {
  return alone?.statements.find((cost) => cost.index === index)?.locks ?? {};
}

/**
 * The name that was meant. The parser does not know the path by which the server looks for a name without a schema: where
 * the server locked one such relation, it is that one, and where there is only one, too.
 */
function meant({ migration, names, made }: Before, index: number, name: string): string {
  if (!name.startsWith(TAKEN_FOR) || made.has(name)) return name;
  const locks = locksOf(migration, index);
  const called = names.filter((one) => bareName(one) === bareName(name));
  const locked = called.filter((one) => one in locks);
  if (locked.includes(name)) return name;
  const [only, ...others] = locked.length > 0 || called.includes(name) ? locked : called;
  return only !== undefined && others.length === 0 ? only : name;
}

/** Tables of before that the migration names, or was seen to lock; a partition counts for the table that it is a part of. */
export function touchedTables(facts: Ground, migration: Met): readonly TableSize[] {
  const before = beforeOf(facts, migration);
  const named = migration.statements.flatMap(({ index, relations }) =>
    relations.map((name) => meant(before, index, name)),
  );
  const locked = (migration.alone?.statements ?? []).flatMap(({ locks }) => Object.keys(locks));
  const touched = new Set([...named, ...locked].map((name) => tableOf(before.tables, name)));
  return before.tables.filter((table) => touched.has(table));
}

/** Adding a column that takes its values from each row, or must not be without one. */
function fillsRows(meaning: Meaning): boolean {
  if (meaning.does !== 'add-column') return false;
  const { default: kind, generated, not_null } = meaning;
  if (kind === 'volatile' || kind === 'unknown') return true;
  return (
    generated === 'stored' ||
    generated === 'identity' ||
    generated === 'serial' ||
    (not_null && kind === 'none')
  );
}

function examines(meaning: Meaning): boolean {
  if (meaning.does === 'add-constraint') return !meaning.not_valid && !meaning.using_index;
  return EXAMINES.has(meaning.does) || fillsRows(meaning);
}

/** Of a statement that tells what it does: the table that it is about, not those that it refers to. */
function namedToExamine({ does, relations }: StatementFacts): readonly string[] {
  if (does.some((meaning) => meaning.does === 'truncate')) return relations;
  return does.some(examines) ? relations.slice(0, 1) : [];
}

/** Of a statement whose code nobody reads: what the server saw it lock as one does who changes a table. */
function lockedToExamine({ alone }: MigrationFacts, { index, does }: StatementFacts): readonly string[] {
  if (!does.some((meaning) => meaning.does === 'run-code')) return [];
  const costs = alone?.statements ?? [];
  const place = costs.findIndex((cost) => cost.index === index);
  const earlier = costs[place - 1]?.locks ?? {};
  return Object.entries(costs[place]?.locks ?? {})
    .filter(([table, mode]) => TAKEN_TO_ALTER.has(mode) && earlier[table] !== mode)
    .map(([table]) => table);
}

/**
 * Tables and partitions of before without a row, whose rows a statement scans, converts or checks: what it does to rows was
 * not seen, however many there are in others.
 */
export function emptyExamined(facts: GuardFacts, migration: MigrationFacts): readonly string[] {
  const before = beforeOf(facts, migration);
  const examined = migration.statements.flatMap((statement) => [
    ...namedToExamine(statement).map((name) => meant(before, statement.index, name)),
    ...lockedToExamine(migration, statement),
  ]);
  return [...new Set(examined)].filter((name) => {
    const table = tableOf(before.tables, name);
    return table !== undefined && rowsOf(table, name) === 0;
  });
}
