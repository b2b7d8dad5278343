/** Copies of the rows of before, kept by the server beside them. */
import type { ClientBase } from 'pg';
import { type CatalogueTable, catalogueOf, GUARD_SCHEMA, rowsOf } from './catalogue.ts';
import { kept, keptAs } from './values.ts';

/** A table as it was, with the copy of its rows. */
export interface KeptTable {
  readonly table: CatalogueTable;
  /** Name of the copy. */
  readonly copy: string;
  readonly rows: number;
  /** Values that are not NULL, by attnum. */
  readonly filled: ReadonlyMap<number, number>;
}

export interface KeptRows {
  readonly tables: readonly KeptTable[];
  /** Transaction that made the copies: what was written since is younger. */
  readonly xid: string;
}

/**
 * The copies are unlogged and depend on nothing of the user's. Event triggers and other triggers of the database stay out
 * of it.
 */
export async function keepRows(client: ClientBase, label: string): Promise<KeptRows> {
  await client.query('BEGIN');
  try {
    await client.query(
      `SET LOCAL session_replication_role = replica; CREATE SCHEMA IF NOT EXISTS ${GUARD_SCHEMA}`,
    );
    const tables: KeptTable[] = [];
    for (const table of await catalogueOf(client)) {
      const copy = `${GUARD_SCHEMA}.${label}_${table.oid}`;
      tables.push({ table, copy, ...(await copyOf(client, table, copy)) });
    }
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::xid::text AS xid');
    await client.query('COMMIT');
    return { tables, xid: rows[0]?.xid ?? '0' };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function copyOf(
  client: ClientBase,
  table: CatalogueTable,
  copy: string,
): Promise<Pick<KeptTable, 'rows' | 'filled'>> {
  const columns = table.columns.map((column) => `${keptAs(column, 'r')} AS ${kept(column.attnum)}`);
  await client.query(`CREATE UNLOGGED TABLE ${copy} AS SELECT ${columns.join(', ')} FROM ${rowsOf(table)} r`);
  const filled = table.columns.map(({ attnum }) => `count(${kept(attnum)})::text`);
  const { rows } = await client.query<{ rows: string; filled: readonly string[] }>(
    `SELECT count(*)::text AS rows, ARRAY[${filled.join(', ')}]::text[] AS filled FROM ${copy}`,
  );
  const counts = rows[0]?.filled ?? [];
  return {
    rows: Number(rows[0]?.rows ?? 0),
    filled: new Map(table.columns.map(({ attnum }, place) => [attnum, Number(counts[place] ?? 0)])),
  };
}
