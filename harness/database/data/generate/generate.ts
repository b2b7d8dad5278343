import { identifier } from '../../ask.ts';
import { openClient, type OwnClient } from '../../server/client.ts';
import type { Address, ScratchServer } from '../../server/types.ts';
import type { DataRequest } from '../request.ts';
import { refuseFullDisk } from '../space.ts';
import { satisfyChecks } from './checks.ts';
import { type Ground, planKeys } from './keys.ts';
import { type LoadOptions, loadRows } from './load.ts';
import type { Plan } from './plan.ts';
import { rowsOf } from './rows.ts';
import { readSchema, tableName, type TableSchema, tableSql } from './schema.ts';

type GeneratedRequest = Extract<DataRequest, { readonly source: 'generated' }>;

/** Bytes of a row beside its values, with its entries in indexes. */
const ROW_BYTES = 60;
const VALUE_BYTES = 20;
const INTEGERS = new Set(['int2', 'int4', 'int8']);

/**
 * Fills the tables of a database with rows made of their types, their constraints and a seed: the same seed gives the same rows.
 * They are made within the server.
 * @throws UsageError for a table that is not there; UnfitError that names the constraint that cannot be satisfied
 */
export async function generateRows(
  server: ScratchServer,
  address: Address,
  request: GeneratedRequest,
  options: LoadOptions,
): Promise<void> {
  const plan = await planned(server, address, request);
  await refuseFullDisk(server, bytesOf(plan), 'what is to be generated');
  await loadRows(address, plan, options);
}

async function planned(server: ScratchServer, address: Address, request: GeneratedRequest): Promise<Plan> {
  await using client = await openClient(address);
  const tables = await readSchema(client, server.version_num);
  const rows = rowsOf(tables, request);
  const ground: Ground = {
    tables: new Map(tables.map((table) => [table.oid, table])),
    rows,
    first: await numbersOf(tables, (table) => firstRow(client, table)),
    existing: await numbersOf(tables, (table) => countOf(client, table)),
    exact: new Set(tables.filter((table) => isExact(table, request)).map(({ oid }) => oid)),
    seed: request.seed,
    shape: request.shape,
  };
  return await satisfyChecks(client, planKeys(ground));
}

function isExact(table: TableSchema, { tables, shape }: GeneratedRequest): boolean {
  const name = tableName(table);
  return tables?.includes(name) === true || shape?.tables[name]?.rows !== undefined;
}

async function numbersOf(
  tables: readonly TableSchema[],
  ask: (table: TableSchema) => Promise<number>,
): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  for (const table of tables) if (table.has_rows) found.set(table.oid, await ask(table));
  return found;
}

/** Numbers of new rows begin after those that keys have already. */
async function firstRow(client: OwnClient, table: TableSchema): Promise<number> {
  const keys = table.columns.filter(
    ({ name, base, is_array }) =>
      INTEGERS.has(base) && !is_array && table.uniques.some(({ columns }) => columns.includes(name)),
  );
  if (keys.length === 0) return (await countOf(client, table)) + 1;
  const highest = keys.map(({ name }) => `max(${identifier(name)})`).join(', ');
  const { rows } = await client.query<{ first: string }>(
    `SELECT greatest(0, ${highest}) + 1 AS first FROM ${tableSql(table)}`,
  );
  return Number(rows[0]?.first);
}

async function countOf(client: OwnClient, table: TableSchema): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${tableSql(table)}`);
  return Number(rows[0]?.rows);
}

function bytesOf(plan: Plan): number {
  return [...plan.values()].reduce(
    (sum, { rows, columns }) => sum + rows * (ROW_BYTES + VALUE_BYTES * columns.length),
    0,
  );
}
