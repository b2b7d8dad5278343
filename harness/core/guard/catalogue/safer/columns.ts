/** Columns that are added, renamed, converted, filled and dropped beside those that are in use. */
import type { MeaningOf } from '../../meaning.ts';
import { beside, joined, lastPart, suffixed } from './names.ts';
import {
  dropTrigger,
  inBatches,
  LOCK_TIMEOUT,
  notNullSteps,
  rowTrigger,
  type SaferWay,
  steps,
} from './steps.ts';

/** What the database knows and a statement does not: the type of a column. */
export type TypeOf = (table: string, column: string) => string | undefined;

export function dropColumn({ table, column }: MeaningOf<'drop-column'>): SaferWay {
  const old = suffixed(column, 'old');
  return {
    text: `Stop using ${column} in one release; put it aside in the next one, once no pod of the old release lives; drop it when nothing has missed it.`,
    sql: steps(
      `-- 1. With the release that no longer uses it, so that rows can be written without it:`,
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL;`,
      `-- 2. A release later, put aside with all its values; the down is the same statement the other way round:`,
      `ALTER TABLE ${table} RENAME COLUMN ${column} TO ${old};`,
      `-- 3. When nothing has missed it and a backup was restored on trial:`,
      `ALTER TABLE ${table} DROP COLUMN ${old};`,
    ),
  };
}

export function renameColumn({ table, column, to }: MeaningOf<'rename-column'>, typeOf: TypeOf): SaferWay {
  const type = typeOf(table, column);
  const sync = joined(table, to, 'sync');
  const old = suffixed(column, 'old');
  return {
    text: `Add ${to} beside ${column}, keep both the same while both releases write, fill ${to} in batches, and put ${column} aside in the next release.`,
    sql: steps(
      '-- Expand:',
      LOCK_TIMEOUT,
      ...(type === undefined ? [`-- type_of_${joined(column)} stands for the type of ${column}`] : []),
      `ALTER TABLE ${table} ADD COLUMN ${to} ${type ?? `type_of_${joined(column).replaceAll('"', '')}`};`,
      rowTrigger(table, sync, [
        `IF (TG_OP = 'INSERT' AND NEW.${to} IS NOT NULL)`,
        `  OR (TG_OP = 'UPDATE' AND NEW.${to}::text IS DISTINCT FROM OLD.${to}::text) THEN`,
        `  NEW.${column} := NEW.${to};`,
        `ELSE`,
        `  NEW.${to} := NEW.${column};`,
        `END IF;`,
      ]),
      '-- Migrate:',
      inBatches(table, `${to} = ${column}`, `${to} IS NULL AND ${column} IS NOT NULL`),
      `-- Contract, a release later, when nobody reads or writes ${column} any more:`,
      dropTrigger(table, sync),
      `ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL;`,
      `ALTER TABLE ${table} RENAME COLUMN ${column} TO ${old};`,
    ),
  };
}

/** A cast in the statement would cut values off without a word; an assignment refuses them. */
export function changeType({ table, column, type, using }: MeaningOf<'change-type'>): SaferWay {
  const fresh = suffixed(column, 'new');
  const old = suffixed(column, 'old');
  const sync = joined(table, column, 'sync');
  const converted = using ?? column;
  const look =
    using === undefined
      ? []
      : [
          '-- Rows that would not be the same any more; correct them first:',
          `SELECT count(*) FROM ${table} WHERE (${using})::text IS DISTINCT FROM ${column}::text;`,
        ];
  const convert =
    using === undefined
      ? [`NEW.${fresh} := NEW.${column};`]
      : [`SELECT ${using} INTO NEW.${fresh} FROM (SELECT NEW.*) AS written;`];
  return {
    text: `Fill a new column of type ${type} beside ${column}, look at what does not convert, switch both names, and keep the old values as ${old}.`,
    sql: steps(
      ...look,
      '-- Expand:',
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD COLUMN ${fresh} ${type};`,
      rowTrigger(table, sync, convert),
      '-- Migrate:',
      inBatches(table, `${fresh} = ${converted}`, `${fresh} IS NULL AND (${converted}) IS NOT NULL`),
      '-- Switch, in one transaction; constraints and indexes of the new column are built before it:',
      'BEGIN;',
      "SET LOCAL lock_timeout = '2s';",
      dropTrigger(table, sync),
      `ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL;`,
      `ALTER TABLE ${table} RENAME COLUMN ${column} TO ${old};`,
      `ALTER TABLE ${table} RENAME COLUMN ${fresh} TO ${column};`,
      'COMMIT;',
      `-- Contract, when nothing has missed the old values:`,
      `ALTER TABLE ${table} DROP COLUMN ${old};`,
    ),
  };
}

export function setNotNull({ table, column }: MeaningOf<'set-not-null'>): SaferWay {
  return {
    text: `Add a CHECK that is NOT VALID, validate it while others work, and let SET NOT NULL rely on it (PostgreSQL 12 and later).`,
    sql: steps(LOCK_TIMEOUT, notNullSteps(table, column, joined(table, column, 'not_null'))),
  };
}

/** Each kind of column that fills itself, without a rewrite of the table. */
function addedFilled(added: MeaningOf<'add-column'>): SaferWay {
  const { table, column, type, default_sql, not_null } = added;
  return {
    text: `Add ${column} without its default, give new rows the default, fill the others in batches${not_null ? ', and require it last' : ''}.`,
    sql: steps(
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD COLUMN ${column} ${type};`,
      `ALTER TABLE ${table} ALTER COLUMN ${column} SET DEFAULT ${default_sql ?? 'NULL'};`,
      inBatches(table, `${column} = DEFAULT`, `${column} IS NULL`),
      ...(not_null ? [notNullSteps(table, column, joined(table, column, 'not_null'))] : []),
    ),
  };
}

const SERIAL_TYPES: Readonly<Record<string, string>> = {
  smallserial: 'smallint',
  serial2: 'smallint',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
};

function addedSequence({ table, column, type }: MeaningOf<'add-column'>): SaferWay {
  const sequence = beside(table, joined(table, column, 'seq'));
  return {
    text: `Add ${column} empty, give new rows numbers from a sequence, number the others in batches, and require it last.`,
    sql: steps(
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD COLUMN ${column} ${SERIAL_TYPES[type] ?? type};`,
      `CREATE SEQUENCE ${sequence} OWNED BY ${table}.${column};`,
      `ALTER TABLE ${table} ALTER COLUMN ${column} SET DEFAULT nextval('${sequence.replaceAll("'", "''")}');`,
      inBatches(table, `${column} = DEFAULT`, `${column} IS NULL`),
      notNullSteps(table, column, joined(table, column, 'not_null')),
    ),
  };
}

function addedStored({ table, column, type, generated_sql = 'NULL' }: MeaningOf<'add-column'>): SaferWay {
  const fill = joined(table, column, 'fill');
  return {
    text: `From PostgreSQL 18 on a VIRTUAL column costs no rewrite. Before, a plain column that a trigger fills does the same, and its old rows are filled in batches.`,
    sql: steps(
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD COLUMN ${column} ${type};`,
      rowTrigger(table, fill, [`SELECT ${generated_sql} INTO NEW.${column} FROM (SELECT NEW.*) AS written;`]),
      inBatches(
        table,
        `${column} = ${generated_sql}`,
        `${column} IS NULL AND (${generated_sql}) IS NOT NULL`,
      ),
    ),
  };
}

function addedRequired({ table, column, type }: MeaningOf<'add-column'>): SaferWay {
  return {
    text: `Add ${column} so that it may be empty; let the new release write it, fill the rows that are there, and require it a release later, when no pod of the old one inserts without it.`,
    sql: steps(
      '-- Expand:',
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} ADD COLUMN ${column} ${type};`,
      '-- Migrate: fill the rows that are there, in batches, with what they should hold.',
      '-- Contract, a release later:',
      notNullSteps(table, column, joined(table, column, 'not_null')),
    ),
  };
}

export function addColumn(added: MeaningOf<'add-column'>): SaferWay | undefined {
  if (added.generated === 'stored') return addedStored(added);
  if (added.generated === 'serial' || added.generated === 'identity') return addedSequence(added);
  if (added.generated === 'virtual') return undefined;
  if (added.default === 'volatile' || added.default === 'unknown') return addedFilled(added);
  return added.not_null && added.default === 'none' ? addedRequired(added) : undefined;
}

/** A value of an enum, whose name is written like that of a column. */
function asText(value: string): string {
  const bare = value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value;
  return `'${bare.replaceAll("'", "''")}'`;
}

export function renameEnumValue(name: string, to: string): SaferWay {
  const value = lastPart(name);
  const type = name.slice(0, name.length - value.length - 1);
  return {
    text: `Add ${to} beside ${value}, let both releases know both, change the rows in batches, and leave ${value} unused: a value of an enum cannot be taken out.`,
    sql: steps(`ALTER TYPE ${type} ADD VALUE IF NOT EXISTS ${asText(to)} AFTER ${asText(value)};`),
  };
}
