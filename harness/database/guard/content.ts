/**
 * What a migration did to rows and values: each row and value of before is looked for afterwards, by the server itself, in
 * one join for each table that was touched.
 */
import type { ClientBase } from 'pg';
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/facts.ts';
import type { Address } from '../server/types.ts';
import { openSession } from './apply-session.ts';
import { SessionCasts } from './content/casts.ts';
import { type CatalogueTable, catalogueOf, GUARD_SCHEMA, rowsOf, tableName } from './content/catalogue.ts';
import { compareByKey, keyOf, type RowCounts } from './content/keyed.ts';
import { compareAsMultiset } from './content/keyless.ts';
import { keepRows, type KeptRows, type KeptTable } from './content/snapshot.ts';
import { type TracedTable, traceTables } from './content/trace.ts';

const SESSION = 'mettle content';

/** The rows of a database as they were at a moment. Disposing it removes the copies. */
export interface ContentSnapshot extends AsyncDisposable {
  /** Compares them with the rows of now; any number of times. */
  compare(): Promise<ContentFacts>;
}

let snapshots = 0;

/**
 * Keeps the rows of a scratch database, in that database, so that they can be compared after a migration. Do it where
 * nobody else writes. The copies are unlogged: they do not outlive a crash of the server.
 */
export async function takeSnapshot(address: Address): Promise<ContentSnapshot> {
  snapshots += 1;
  const label = `kept_${snapshots}`;
  await using session = await openSession(address, SESSION);
  const rows = await keepRows(session.client, label);
  return {
    async compare() {
      await using comparing = await openSession(address, SESSION);
      return await compareRows(comparing.client, rows);
    },
    async [Symbol.asyncDispose]() {
      await using removing = await openSession(address, SESSION);
      await removing.client.query('SET session_replication_role = replica');
      for (const { copy } of rows.tables) await removing.client.query(`DROP TABLE IF EXISTS ${copy}`);
      // Another snapshot may still be there.
      await removing.client.query(`DROP SCHEMA IF EXISTS ${GUARD_SCHEMA}`).catch(() => undefined);
    },
  };
}

async function compareRows(client: ClientBase, before: KeptRows): Promise<ContentFacts> {
  const casts = await SessionCasts.begin(client);
  await client.query("SET session_replication_role = replica; SET work_mem = '64MB'");
  const traced = traceTables(
    before.tables.map(({ table }) => table),
    await catalogueOf(client),
  );
  const tables: TableFate[] = [];
  for (const [place, trace] of traced.entries()) {
    const table = before.tables[place];
    if (table !== undefined) tables.push(await fateOfTable(client, casts, table, trace, before.xid));
  }
  return { tables };
}

async function fateOfTable(
  client: ClientBase,
  casts: SessionCasts,
  table: KeptTable,
  { now, columns }: TracedTable,
  xid: string,
): Promise<TableFate> {
  const counts =
    now === undefined
      ? gone(table)
      : await countsOf(client, casts, table, { before: table.table, now, columns }, xid);
  return {
    table: tableName(table.table),
    ...(now === undefined ? {} : { now: tableName(now) }),
    rows_before: table.rows,
    rows_after: counts.rows_after,
    rows_lost: counts.rows_lost,
    rows_added: counts.rows_added,
    examples: counts.examples,
    columns: columns.map(({ before, now: column }): ColumnFate => {
      const filled = table.filled.get(before.attnum) ?? 0;
      const found = counts.columns.get(before.attnum);
      return {
        column: before.name,
        ...(column === undefined ? {} : { now: column.name, type_after: column.type }),
        type_before: before.type,
        filled,
        changed: found?.changed ?? 0,
        truncated: found?.truncated ?? 0,
        nulled: found?.nulled ?? 0,
        gained: found?.gained ?? 0,
        lost: column === undefined ? filled : 0,
        examples: found?.examples ?? [],
      };
    }),
  };
}

function gone({ rows }: KeptTable): RowCounts {
  return { rows_after: 0, rows_lost: rows, rows_added: 0, examples: [], columns: new Map() };
}

async function countsOf(
  client: ClientBase,
  casts: SessionCasts,
  table: KeptTable,
  { now, columns }: TracedTable & { readonly now: CatalogueTable },
  xid: string,
): Promise<RowCounts> {
  if (await isUntouched(client, table, now, xid)) {
    return { rows_after: table.rows, rows_lost: 0, rows_added: 0, examples: [], columns: new Map() };
  }
  const key = await keyOf(client, table.table, now, columns);
  if (key === undefined) return await compareAsMultiset(client, casts, { kept: table, now, columns });
  const differences = `differences_${now.oid}`;
  const counts = await compareByKey(client, casts, { kept: table, now, key, columns, differences });
  await client.query(`DROP TABLE ${differences}`);
  return counts;
}

/**
 * That not one row was written, deleted or rewritten since: the rows lie in the same files, as many as before, and each was
 * written by a transaction before the copy's. Then their values need not be looked at, unless a type of the user's gives
 * them other words, or they are computed when they are read.
 */
async function isUntouched(
  client: ClientBase,
  { table, rows: rows_before }: KeptTable,
  now: CatalogueTable,
  xid: string,
): Promise<boolean> {
  if (now.oid !== table.oid || now.files.join() !== table.files.join()) return false;
  if (table.columns.some(({ is_builtin, is_virtual }) => !is_builtin || is_virtual)) return false;
  const { rows } = await client.query<{ rows: string; younger: string }>(
    `SELECT count(*)::text AS rows, (count(*) FILTER (WHERE age(n.xmin) < age($1::xid)))::text AS younger
     FROM ${rowsOf(now)} n`,
    [xid],
  );
  return Number(rows[0]?.rows) === rows_before && rows[0]?.younger === '0';
}
