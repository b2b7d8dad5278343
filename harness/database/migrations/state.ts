/** Which migrations a database has seen already. */
import { resolve } from 'node:path';
import { array, parse, string } from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { type Ask, askJson } from '../ask.ts';
import type { History } from './history-table.ts';
import { historyOf, tablesSql } from './history.ts';
import type { Migration, MigrationSet } from './types.ts';

export interface MigrationState {
  /** The tool's own table; absent where the database has none, so that nothing was run by the tool. */
  readonly table?: string;
  /** In the order of the set. */
  readonly applied: readonly Migration[];
  /** In the order in which the tool would run them. */
  readonly pending: readonly Migration[];
  /** Applied, but no file of it is there. */
  readonly unknown: readonly string[];
}

function stateOf(
  set: MigrationSet,
  table: string,
  history: History,
  keys: readonly string[],
): MigrationState {
  const applied_keys = new Set(keys);
  const known = new Set(set.migrations.map((migration) => history.keyOf(migration)));
  const is_applied = (migration: Migration): boolean => applied_keys.has(history.keyOf(migration));
  return {
    table,
    applied: set.migrations.filter(is_applied),
    pending: set.migrations.filter((migration) => !is_applied(migration)),
    unknown: keys.filter((key) => !known.has(key)),
  };
}

/**
 * What a database has seen of a set of migrations, from the table of their tool, in whatever schema it is. Only reads.
 *
 * @throws UnfitError when the database does not answer
 * @throws UsageError when there are several tables of the tool
 * @throws RefusedError when the tool itself would refuse to go on
 */
export async function readState(ask: Ask, set: MigrationSet): Promise<MigrationState> {
  const history = historyOf(set.tool);
  const none = { applied: [], pending: set.migrations, unknown: [] };
  if (history === undefined) return none;
  const what = 'which migrations it has seen';
  const [table, ...others] = parse(array(string()), await askJson(ask, what, tablesSql(history)));
  if (table === undefined) return none;
  if (others.length > 0) {
    throw new UsageError(
      `the database has more than one table in which ${set.tool} may keep its history: ${[table, ...others].join(', ')}`,
      { next: 'give the rows without the others: pg_dump --exclude-table, or --copy-schema' },
    );
  }
  const rows = parse(array(string()), await askJson(ask, what, history.appliedSql(table)));
  const keys = history.keysIn?.(rows, { table, migrations: set.migrations }) ?? rows;
  return stateOf(set, table, history, keys);
}

/**
 * For a run that goes on where the database stands. A file that was given by itself goes on from anywhere.
 *
 * @throws UsageError when history is not linear: a migration is due that stands before one that was run, or one was run
 *   whose file is gone
 */
export function requireLinear({ applied, pending, unknown, table }: MigrationState, set: MigrationSet): void {
  if (set.migrations.some(({ up }) => resolve(up.path) === resolve(set.root))) return;
  if (unknown.length > 0) {
    throw new UsageError(`${table} has ${unknown.join(', ')}, but ${set.root} has no file of it`, {
      next: 'bring the files that were run, or name another database',
    });
  }
  const last = applied.findLast(({ name }) => !name.startsWith('R__'));
  const before = pending.find(
    (one) => last !== undefined && set.migrations.indexOf(one) < set.migrations.indexOf(last),
  );
  if (before !== undefined) {
    throw new UsageError(`${before.up.path} was not run, but ${last?.name}, which comes after it, was`, {
      next: 'give it a version after the last one that was run',
    });
  }
}

/** What the tool makes before it runs anything; nothing for plain files. Some migrations count on its table. */
export function createHistorySql({ tool }: MigrationSet): string | undefined {
  return historyOf(tool)?.create_sql;
}

/** What the tool would write into its own table after a migration; nothing for plain files. */
export function markSql(migration: Migration): string | undefined {
  return historyOf(migration.tool)?.markSql(migration);
}

/** What the tool would write into its own table after a migration was taken back; nothing for plain files. */
export function unmarkSql(migration: Migration, set: MigrationSet): string | undefined {
  const history = historyOf(migration.tool);
  if (migration.tool !== 'golang-migrate') return history?.unmarkSql(migration);
  const before = set.migrations[set.migrations.findIndex(({ name }) => name === migration.name) - 1];
  return before === undefined ? history?.unmarkSql(migration) : history?.markSql(before);
}
