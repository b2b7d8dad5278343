/** The safer way of a statement, from what it does. */
import type { Meaning } from '../meaning.ts';
import type { CheckId } from './ids.ts';
import {
  addColumn,
  changeType,
  dropColumn,
  renameColumn,
  renameEnumValue,
  setNotNull,
  type TypeOf,
} from './safer/columns.ts';
import { addConstraint, createIndex, dropIndex, rebuildIndex, reindex } from './safer/constraints.ts';
import { LOCK_TIMEOUT, type SaferWay, steps } from './safer/steps.ts';
import {
  addEnumValue,
  deleteRows,
  detachPartition,
  dropObject,
  dropTable,
  lockTable,
  renameObject,
  renameTable,
  rewriteTable,
  setSchema,
  truncate,
  updateRows,
} from './safer/tables.ts';

const UNKNOWN: TypeOf = () => undefined;

/**
 * How the same end is reached without the harm, as SQL with the names of the statement; undefined where it does none, or
 * where no other way is known. Every step is a transaction of its own, unless a `BEGIN` says otherwise.
 *
 * @param typeOf type of a column before the migration, where it is known
 */
export function saferWay(meaning: Meaning, typeOf: TypeOf = UNKNOWN): SaferWay | undefined {
  switch (meaning.does) {
    case 'drop-table':
      return dropTable(meaning);
    case 'drop-column':
      return dropColumn(meaning);
    case 'drop-object':
      return dropObject(meaning);
    case 'drop-index':
      return dropIndex(meaning);
    case 'rename-table':
      return renameTable(meaning);
    case 'rename-column':
      return renameColumn(meaning, typeOf);
    case 'rename-object':
      return meaning.object === 'ENUM VALUE'
        ? renameEnumValue(meaning.name, meaning.to)
        : renameObject(meaning);
    case 'set-schema':
      return setSchema(meaning);
    case 'change-type':
      return changeType(meaning);
    case 'add-column':
      return addColumn(meaning);
    case 'set-not-null':
      return setNotNull(meaning);
    case 'add-constraint':
      return addConstraint(meaning);
    case 'create-index':
      return createIndex(meaning);
    case 'reindex':
      return reindex(meaning);
    case 'truncate':
      return truncate(meaning);
    case 'update':
      return updateRows(meaning);
    case 'delete':
      return deleteRows(meaning);
    case 'add-enum-value':
      return addEnumValue(meaning);
    case 'rewrite-table':
      return rewriteTable(meaning);
    case 'detach-partition':
      return detachPartition(meaning);
    case 'lock-table':
      return lockTable(meaning);
    case 'attach-partition':
    case 'create-table':
    case 'drop-constraint':
    case 'drop-default':
    case 'drop-expression':
    case 'drop-not-null':
    case 'insert':
    case 'restrict-access':
    case 'run-code':
    case 'set-default':
    case 'set-timeout':
    case 'validate-constraint':
      return undefined;
  }
}

/** A statement, as far as its safer way depends on it. */
interface Told {
  readonly text: string;
  readonly does: readonly Meaning[];
}

/** Checks of what is left when a run breaks off. */
const BROKEN_OFF: ReadonlySet<CheckId> = new Set([
  'killed-client',
  'killed-server',
  'connection-cut',
  'residue',
]);

function byLockTimeout({ text }: Told): SaferWay {
  return {
    text: 'Give up when the lock is not to be had within what users can bear, and try again, rather than let everybody queue behind it.',
    sql: steps(
      LOCK_TIMEOUT,
      `${text};`,
      '-- On SQLSTATE 55P03 (lock_not_available): wait a few seconds with growing pauses, and run it again.',
    ),
  };
}

/**
 * The safer way beside a check that fails at a statement: what helps against a queue of locks is another thing than what
 * helps against lost values.
 *
 * @param typeOf type of a column before the migration, where it is known
 */
export function saferWayFor(check: CheckId, statement: Told, typeOf: TypeOf = UNKNOWN): SaferWay | undefined {
  if (check === 'lock-queue') return byLockTimeout(statement);
  const ways = statement.does.flatMap((meaning) => {
    const again =
      BROKEN_OFF.has(check) && meaning.does === 'create-index' ? rebuildIndex(meaning) : undefined;
    return again ?? saferWay(meaning, typeOf) ?? [];
  });
  return ways[0];
}
