/** Tables and rows that are put aside instead of thrown away, and changed a part at a time. */
import type { MeaningOf } from '../../meaning.ts';
import { beside, joined, lastPart, suffixed } from './names.ts';
import { LOCK_TIMEOUT, type SaferWay, steps } from './steps.ts';

export function dropTable({ table }: MeaningOf<'drop-table'>): SaferWay {
  const old = suffixed(table, 'old');
  return {
    text: `Put ${table} aside under another name, once no pod of the old release lives; drop it when nothing has missed it. The way back is the same statement the other way round.`,
    sql: steps(
      LOCK_TIMEOUT,
      `ALTER TABLE ${table} RENAME TO ${old};`,
      '-- A release later, when nothing has missed it and a backup was restored on trial:',
      `DROP TABLE ${beside(table, old)};`,
    ),
  };
}

export function renameTable({ table, to }: MeaningOf<'rename-table'>): SaferWay {
  return {
    text: `Leave a view of the old name behind, in the same transaction: the old release reads and writes through it until it is gone.`,
    sql: steps(
      'BEGIN;',
      "SET LOCAL lock_timeout = '2s';",
      `ALTER TABLE ${table} RENAME TO ${to};`,
      `CREATE VIEW ${table} AS SELECT * FROM ${beside(table, to)};`,
      'COMMIT;',
      '-- Contract, a release later:',
      `DROP VIEW ${table};`,
    ),
  };
}

export function setSchema({ object, name, to }: MeaningOf<'set-schema'>): SaferWay | undefined {
  if (object !== 'TABLE') return undefined;
  return {
    text: `Leave a view in the old schema, in the same transaction: the old release reads and writes through it until it is gone.`,
    sql: steps(
      'BEGIN;',
      "SET LOCAL lock_timeout = '2s';",
      `ALTER TABLE ${name} SET SCHEMA ${to};`,
      `CREATE VIEW ${name} AS SELECT * FROM ${to}.${lastPart(name)};`,
      'COMMIT;',
      '-- Contract, a release later:',
      `DROP VIEW ${name};`,
    ),
  };
}

/** Objects that can be put aside under another name with all that they are. */
const RENAMED: ReadonlySet<string> = new Set([
  'VIEW',
  'MATERIALIZED VIEW',
  'SEQUENCE',
  'TYPE',
  'DOMAIN',
  'FUNCTION',
  'PROCEDURE',
  'SCHEMA',
]);

export function dropObject({ object, name }: MeaningOf<'drop-object'>): SaferWay | undefined {
  if (!RENAMED.has(object)) return undefined;
  const old = suffixed(name, 'old');
  return {
    text: `Put it aside under another name, once no pod of the old release lives; drop it when nothing has missed it.`,
    sql: steps(
      LOCK_TIMEOUT,
      `ALTER ${object} ${name} RENAME TO ${old};`,
      '-- A release later, by itself, so that nothing goes unseen with a cascade:',
      `DROP ${object} ${beside(name, old)} RESTRICT;`,
    ),
  };
}

/** A view under its old name reads and writes through the new one. */
export function renameObject({ object, name, to }: MeaningOf<'rename-object'>): SaferWay | undefined {
  if (object !== 'VIEW' && object !== 'MATERIALIZED VIEW') return undefined;
  return {
    text: 'Leave a view of the old name behind, in the same transaction: the old release reads through it until it is gone.',
    sql: steps(
      'BEGIN;',
      "SET LOCAL lock_timeout = '2s';",
      `ALTER ${object} ${name} RENAME TO ${to};`,
      `CREATE VIEW ${name} AS SELECT * FROM ${beside(name, to)};`,
      'COMMIT;',
      '-- Contract, a release later:',
      `DROP VIEW ${name};`,
    ),
  };
}

/** An empty table takes the place of the full one. */
function emptied(table: string): readonly string[] {
  const old = suffixed(table, 'old');
  return [
    `ALTER TABLE ${table} RENAME TO ${old};`,
    `CREATE TABLE ${table} (LIKE ${beside(table, old)} INCLUDING ALL);`,
  ];
}

export function truncate({ tables }: MeaningOf<'truncate'>): SaferWay {
  return {
    text: 'Put the rows aside: an empty table of the same shape takes the place, and the full one is dropped when nothing has missed it. Foreign keys and triggers have to be made again.',
    sql: steps('BEGIN;', "SET LOCAL lock_timeout = '2s';", ...tables.flatMap(emptied), 'COMMIT;'),
  };
}

export function deleteRows({ table, conditional, where }: MeaningOf<'delete'>): SaferWay | undefined {
  if (!conditional) return truncate({ does: 'truncate', tables: [table], cascade: false });
  if (where === undefined) return undefined;
  const kept = suffixed(joined(table), 'deleted');
  return {
    text: 'Keep what goes, a batch at a time, so that each transaction is short and the way back has the rows.',
    sql: steps(
      `CREATE TABLE ${beside(table, kept)} (LIKE ${table});`,
      '-- Again and again, each run a transaction of its own, until it deletes 0 rows:',
      'WITH gone AS (',
      `  DELETE FROM ${table}`,
      `  WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${where} LIMIT 5000 FOR UPDATE))`,
      '  RETURNING *',
      ')',
      `INSERT INTO ${beside(table, kept)} SELECT * FROM gone;`,
    ),
  };
}

export function updateRows({ table, sets, where }: MeaningOf<'update'>): SaferWay | undefined {
  if (sets === undefined) return undefined;
  const condition = where === undefined ? '' : ` AND (${where})`;
  return {
    text: 'Change the rows in batches along the key, each a transaction of its own, in a migration apart from changes of the schema; keep what was there before in a column of its own.',
    sql: steps(
      '-- id stands for the primary key. Again with the last id of the run before as $1, until nothing comes back:',
      `WITH batch AS (SELECT id FROM ${table} WHERE id > $1${condition} ORDER BY id LIMIT 5000 FOR UPDATE)`,
      `UPDATE ${table} SET ${sets} WHERE id IN (SELECT id FROM batch) RETURNING id;`,
    ),
  };
}

export function addEnumValue({ type, value }: MeaningOf<'add-enum-value'>): SaferWay {
  return {
    text: 'Add it in a migration of its own, before the release that writes it: a value of an enum cannot be taken out again, so the way back is to stop using it. Where values come and go, a table of them with a foreign key can be changed both ways.',
    sql: steps(`ALTER TYPE ${type} ADD VALUE IF NOT EXISTS '${value.replaceAll("'", "''")}';`),
  };
}

export function rewriteTable({ table, by }: MeaningOf<'rewrite-table'>): SaferWay {
  return by === 'VACUUM FULL' || by === 'CLUSTER'
    ? {
        text: 'Let VACUUM make the space free for new rows, without a strong lock; where the file has to shrink, pg_repack does it while others work.',
        sql: steps(`VACUUM (ANALYZE) ${table};`),
      }
    : {
        text: `${by} writes the whole table under ACCESS EXCLUSIVE. Fill a new table with that setting in batches and let it take the name; or run it in an hour with few users, and give up quickly when the lock is not to be had.`,
        sql: steps(
          LOCK_TIMEOUT,
          `ALTER TABLE ${table} ${by === 'SET LOGGED' || by === 'SET UNLOGGED' ? by : `${by} new_place`};`,
        ),
      };
}

export function detachPartition({
  table,
  partition,
  concurrently,
}: MeaningOf<'detach-partition'>): SaferWay | undefined {
  if (concurrently) return undefined;
  return {
    text: 'Detach it concurrently, outside of a transaction (PostgreSQL 14 and later).',
    sql: steps(`ALTER TABLE ${table} DETACH PARTITION ${partition} CONCURRENTLY;`),
  };
}

export function lockTable({ tables, mode }: MeaningOf<'lock-table'>): SaferWay {
  return {
    text: 'Give up quickly when the lock is not to be had, and try again: whoever comes meanwhile waits behind it.',
    sql: steps(
      'BEGIN;',
      "SET LOCAL lock_timeout = '2s';",
      `LOCK TABLE ${tables.join(', ')} IN ${mode} MODE;`,
      'COMMIT;',
    ),
  };
}
