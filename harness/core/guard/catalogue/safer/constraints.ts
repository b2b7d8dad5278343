/** Constraints and indexes that are built while others work. */
import type { MeaningOf } from '../../meaning.ts';
import { beside, joined } from './names.ts';
import { LOCK_TIMEOUT, notNullSteps, type SaferWay, steps } from './steps.ts';

const SUFFIX = {
  check: 'check',
  'foreign-key': 'fkey',
  unique: 'key',
  'primary-key': 'pkey',
  exclusion: 'excl',
  'not-null': 'not_null',
} as const;

function nameOf({ table, constraint, columns, type }: MeaningOf<'add-constraint'>): string {
  return constraint ?? joined(table, ...columns, SUFFIX[type]);
}

/** Without its name, which is given anew. */
function definitionOf({ definition }: MeaningOf<'add-constraint'>): string {
  return definition.replace(/^CONSTRAINT (?:"(?:[^"]|"")*"|\S+)\s+/, '');
}

function notValid(added: MeaningOf<'add-constraint'>): SaferWay {
  const { table } = added;
  const name = nameOf(added);
  const index =
    added.type === 'foreign-key' && added.columns.length > 0
      ? [
          '-- An index on the referring side, where there is none: without it each DELETE of the other table scans this one.',
          `CREATE INDEX CONCURRENTLY ${joined(table, ...added.columns, 'idx')} ON ${table} (${added.columns.join(', ')});`,
        ]
      : [];
  return {
    text: 'Add it NOT VALID, which looks at no row that is there, and validate it in a transaction of its own, while others read and write.',
    sql: steps(
      ...index,
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definitionOf(added)} NOT VALID;`,
      '-- In a transaction of its own:',
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
    ),
  };
}

/** A key takes over an index that was built while others wrote. */
function byIndex(added: MeaningOf<'add-constraint'>): SaferWay {
  const { table, columns, type } = added;
  const name = nameOf(added);
  const is_primary = type === 'primary-key';
  return {
    text: `Build the unique index concurrently, then let the constraint take it over: that takes a moment.${is_primary ? ' The columns are made NOT NULL before, without a scan.' : ''}`,
    sql: steps(
      `DROP INDEX CONCURRENTLY IF EXISTS ${beside(table, name)};`,
      `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} (${columns.join(', ')});`,
      LOCK_TIMEOUT,
      ...(is_primary
        ? columns.map((column) => notNullSteps(table, column, joined(table, column, 'not_null')))
        : []),
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${is_primary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${name};`,
    ),
  };
}

export function addConstraint(added: MeaningOf<'add-constraint'>): SaferWay | undefined {
  if (added.not_valid || added.using_index) return undefined;
  switch (added.type) {
    case 'check':
    case 'foreign-key':
      return notValid(added);
    case 'unique':
    case 'primary-key':
      return added.columns.length === 0 ? undefined : byIndex(added);
    case 'not-null': {
      const [column] = added.columns;
      return column === undefined
        ? undefined
        : {
            text: 'Add a CHECK that is NOT VALID, validate it while others work, and let SET NOT NULL rely on it.',
            sql: steps(
              LOCK_TIMEOUT,
              notNullSteps(added.table, column, joined(added.table, column, 'not_null')),
            ),
          };
    }
    case 'exclusion':
      return {
        text: 'An exclusion constraint cannot be built concurrently. Give up quickly when the lock is not to be had, and run it in an hour with few users, or build it on a new table that is filled in batches and then takes the name.',
        sql: steps(LOCK_TIMEOUT, `ALTER TABLE ${added.table} ADD ${added.definition};`),
      };
  }
}

export function createIndex({
  index,
  table,
  concurrently,
  concurrent_sql,
}: MeaningOf<'create-index'>): SaferWay | undefined {
  if (concurrently) return undefined;
  return {
    text: 'Build it concurrently, outside of a transaction: others read and write meanwhile. A build that breaks off leaves an invalid index, which is dropped before the next try.',
    sql: steps(
      ...(index === undefined ? [] : [`DROP INDEX CONCURRENTLY IF EXISTS ${beside(table, index)};`]),
      `${concurrent_sql};`,
    ),
  };
}

/** For a build that was broken off: what it left is taken for done by `IF NOT EXISTS`. */
export function rebuildIndex({
  index,
  table,
  concurrent_sql,
}: MeaningOf<'create-index'>): SaferWay | undefined {
  if (index === undefined) return undefined;
  return {
    text: 'Drop what an earlier try may have left before building it again; `IF NOT EXISTS` would take an invalid index for done.',
    sql: steps(`DROP INDEX CONCURRENTLY IF EXISTS ${beside(table, index)};`, `${concurrent_sql};`),
  };
}

export function dropIndex({ index, concurrently }: MeaningOf<'drop-index'>): SaferWay | undefined {
  if (concurrently) return undefined;
  return {
    text: 'Drop it concurrently, outside of a transaction: it then waits for nobody under a lock that stops everybody.',
    sql: steps(`DROP INDEX CONCURRENTLY IF EXISTS ${index};`),
  };
}

export function reindex({ object, name, concurrently }: MeaningOf<'reindex'>): SaferWay | undefined {
  if (concurrently || object === 'SYSTEM') return undefined;
  return {
    text: 'Rebuild concurrently, outside of a transaction.',
    sql: steps(`REINDEX ${object} CONCURRENTLY ${name};`),
  };
}
