/** Copies of the rows of before, kept by the server beside them. */
import type { ClientBase } from 'pg';
import { UnfitError } from '#harness/core/errors.ts';
import { identifier } from '../../ask.ts';
import { inParts } from '../../in-parts.ts';
import {
  type CatalogueTable,
  catalogueOf,
  GUARD_SCHEMA,
  hasSteadyWords,
  rowsOf,
  tableName,
} from './catalogue.ts';
import { type Reach, reachOf } from './reach.ts';
import { kept, keptAs } from './values.ts';

/** A table as it was, with the copy of its rows. */
export interface KeptTable {
  readonly table: CatalogueTable;
  /** Name of the copy. @throws RowsNotKept where there is none */
  readonly copy: string;
  readonly has_copy: boolean;
  readonly rows: number;
  /** Values that are not NULL, by attnum. */
  readonly filled: ReadonlyMap<number, number>;
}

export interface KeptRows {
  readonly tables: readonly KeptTable[];
  /** Transaction that made the copies: what was written since is younger. */
  readonly xid: string;
}

/** Somebody wrote to a table that nobody was thought to write to: there is nothing that its rows could be held against. */
export class RowsNotKept extends UnfitError {
  constructor(table: string) {
    super(`the rows of ${table} were not kept, and were written`);
  }
}

/**
 * The copies are unlogged and depend on nothing of the user's. Event triggers and other triggers of the database stay out
 * of it.
 * @param reach tables of which copies are made; all of them when absent
 */
export async function keepRows(
  client: ClientBase,
  label: string,
  reach: Reach | undefined,
): Promise<KeptRows> {
  await client.query('BEGIN');
  try {
    await client.query(
      `SET LOCAL session_replication_role = replica; CREATE SCHEMA IF NOT EXISTS ${GUARD_SCHEMA}`,
    );
    const all = await catalogueOf(client);
    const reached = reach === undefined ? undefined : await reachOf(client, reach);
    const isReached = ({ oid, columns }: CatalogueTable): boolean =>
      reached === undefined || reached.has(oid) || !columns.every(hasSteadyWords);
    const copyOf = ({ oid }: CatalogueTable): string => `${GUARD_SCHEMA}.${label}_${oid}`;
    await inParts(all.filter(isReached), async (tables) => {
      await client.query(tables.map((table) => makeCopy(table, copyOf(table))).join(';\n'));
    });
    const counts = await countsOf(client, all);
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::xid::text AS xid');
    await client.query('COMMIT');
    const tables = all.map((table): KeptTable => {
      const counted = { table, rows: 0, filled: new Map<number, number>(), ...counts.get(table.oid) };
      return isReached(table)
        ? { ...counted, has_copy: true, copy: copyOf(table) }
        : {
            ...counted,
            has_copy: false,
            get copy(): string {
              throw new RowsNotKept(tableName(table));
            },
          };
    });
    return { tables, xid: rows[0]?.xid ?? '0' };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function makeCopy(table: CatalogueTable, copy: string): string {
  const columns = table.columns.map((column) => `${keptAs(column, 'r')} AS ${kept(column.attnum)}`);
  return `CREATE UNLOGGED TABLE ${copy} AS SELECT ${columns.join(', ')} FROM ${rowsOf(table)} r`;
}

/** By oid of the table. */
async function countsOf(
  client: ClientBase,
  all: readonly CatalogueTable[],
): Promise<ReadonlyMap<number, Pick<KeptTable, 'rows' | 'filled'>>> {
  const found = new Map<number, Pick<KeptTable, 'rows' | 'filled'>>();
  await inParts(all, async (tables) => {
    const counts = tables.map((table) => {
      const filled = table.columns.map(({ name }) => `count(r.${identifier(name)})::text`);
      return `SELECT ${table.oid} AS oid, count(*)::text AS rows, ARRAY[${filled.join(', ')}]::text[] AS filled FROM ${rowsOf(table)} r`;
    });
    const { rows } = await client.query<{ oid: number; rows: string; filled: readonly string[] }>(
      counts.join('\nUNION ALL\n'),
    );
    for (const { oid, rows: count, filled } of rows) {
      const columns = tables.find((table) => table.oid === oid)?.columns ?? [];
      found.set(oid, {
        rows: Number(count),
        filled: new Map(columns.map(({ attnum }, place) => [attnum, Number(filled[place] ?? 0)])),
      });
    }
  });
  return found;
}
