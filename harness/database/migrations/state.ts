/** Which migrations a database has seen already. */
import { array, boolean, parse, string, tuple } from 'valibot';
import { RefusedError, UsageError } from '#harness/core/errors.ts';
import { type Ask, askJson } from '../ask.ts';
import { type History, historyOf, isThereSql } from './history.ts';
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

/**
 * golang-migrate keeps one row: all up to its version are applied. One that broke off is marked, and the tool runs nothing
 * before a person has looked.
 */
function keysUpTo(set: MigrationSet, history: History, rows: readonly string[]): readonly string[] {
  const [current] = rows;
  if (current === undefined) return [];
  if (current.startsWith('dirty ')) {
    throw new RefusedError(
      `version ${current.slice('dirty '.length)} broke off: ${history.table} is marked dirty, and golang-migrate refuses to go on`,
      { next: 'look at the database, mend it, and set the version with `migrate force`' },
    );
  }
  const known = set.migrations.map((migration) => history.keyOf(migration));
  const up_to = known.filter((key) => BigInt(key) <= BigInt(current));
  return up_to.includes(current) ? up_to : [...up_to, current];
}

/** A repeatable migration of Flyway runs again whenever its text changes; once applied it counts as applied here. */
function stateOf(set: MigrationSet, history: History, keys: readonly string[]): MigrationState {
  const applied_keys = new Set(keys);
  const known = new Set(set.migrations.map((migration) => history.keyOf(migration)));
  const is_applied = (migration: Migration): boolean => applied_keys.has(history.keyOf(migration));
  return {
    table: history.table,
    applied: set.migrations.filter(is_applied),
    pending: set.migrations.filter((migration) => !is_applied(migration)),
    unknown: keys.filter((key) => !known.has(key)),
  };
}

/**
 * What a database has seen of a set of migrations, from the table of their tool. Only reads.
 *
 * @throws UnfitError when the database does not answer
 * @throws RefusedError when the tool itself would refuse to go on
 */
export async function readState(ask: Ask, set: MigrationSet): Promise<MigrationState> {
  const history = historyOf(set.tool);
  const none = { applied: [], pending: set.migrations, unknown: [] };
  if (history === undefined) return none;
  const what = 'which migrations it has seen';
  const [is_there] = parse(tuple([boolean()]), await askJson(ask, what, isThereSql(history)));
  if (!is_there) return none;
  const rows = parse(array(string()), await askJson(ask, what, history.applied_sql));
  const keys = set.tool === 'golang-migrate' ? keysUpTo(set, history, rows) : rows.map(normalised(set.tool));
  return stateOf(set, history, keys);
}

/** `1.0` and `1` are one version of Flyway, and its table may have either. */
function normalised(tool: MigrationSet['tool']): (key: string) => string {
  return tool === 'flyway'
    ? (key) => (key.startsWith('R ') ? key : key.replace(/(\.0+)+$/, ''))
    : (key) => key;
}

/**
 * For a run that goes on where the database stands.
 *
 * @throws UsageError when history is not linear: a migration is due that stands before one that was run, or one was run
 *   whose file is gone
 */
export function requireLinear({ applied, pending, unknown, table }: MigrationState, set: MigrationSet): void {
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
