/** What a database holds, so that it can be told whether a killed migration left it as it was, or as it should become. */
import type { ClientBase } from 'pg';
import { identifier, SAME_WORDS } from '../../ask.ts';
import { type CatalogueTable, catalogueOf, rowsOf, tableName } from '../content/catalogue.ts';
import { type Schema, schemaDifferences, schemaOf } from '../round-trip/schema.ts';

/** Rows and columns of a table as sums of hashes, which do not depend on the order of rows. */
interface TableSums {
  readonly rows: string;
  readonly columns: Readonly<Record<string, string>>;
}

export interface State {
  readonly schema: Schema;
  /** By `schema.table`; undefined where not a row was written since the copy was made. */
  readonly tables: ReadonlyMap<string, TableSums | undefined>;
}

/** What tells that rows were written since: the files of the tables, their rows, and the youngest transaction. */
export interface Origin {
  readonly tables: ReadonlyMap<number, { readonly files: string; readonly rows: string }>;
  readonly xid: string;
}

async function rowsIn(
  client: ClientBase,
  table: CatalogueTable,
  xid: string,
): Promise<readonly [string, string]> {
  const { rows } = await client.query<{ rows: string; younger: string }>(
    `SELECT count(*)::text AS rows, (count(*) FILTER (WHERE age(n.xmin) <= age($1::xid)))::text AS younger
     FROM ${rowsOf(table)} n`,
    [xid],
  );
  return [rows[0]?.rows ?? '0', rows[0]?.younger ?? '0'];
}

/** Of the state before; copies of a database have its files by the same numbers, and its transactions. */
export async function originOf(client: ClientBase): Promise<Origin> {
  const tables = await catalogueOf(client);
  const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::xid::text AS xid');
  const xid = rows[0]?.xid ?? '0';
  const found = new Map<number, { readonly files: string; readonly rows: string }>();
  for (const table of tables) {
    const [count] = await rowsIn(client, table, xid);
    found.set(table.oid, { files: table.files.join(), rows: count });
  }
  return { tables: found, xid };
}

/** Reads every row of the tables that were written to since `origin`, and of no other. */
export async function stateOf(client: ClientBase, origin: Origin): Promise<State> {
  const schema = await schemaOf(client);
  const tables = new Map<string, TableSums | undefined>();
  for (const table of await catalogueOf(client)) {
    const was = origin.tables.get(table.oid);
    const [rows, younger] = await rowsIn(client, table, origin.xid);
    const is_same =
      was !== undefined && was.files === table.files.join() && was.rows === rows && younger === '0';
    const needs_reading = table.columns.some(({ is_builtin, is_virtual }) => !is_builtin || is_virtual);
    tables.set(tableName(table), is_same && !needs_reading ? undefined : await sumsOf(client, table));
  }
  return { schema, tables };
}

/** A value's hash begins from that of its row's key, so that values that change places are noticed. */
async function sumsOf(client: ClientBase, table: CatalogueTable): Promise<TableSums> {
  await client.query(SAME_WORDS);
  const key = (table.keys[0] ?? []).flatMap((attnum) => {
    const column = table.columns.find((one) => one.attnum === attnum);
    return column === undefined ? [] : [`r.${identifier(column.name)}`];
  });
  const seed = key.length === 0 ? '0' : `hashtextextended(ROW(${key.join(', ')})::text COLLATE "C", 0)`;
  const sums = table.columns.map(
    ({ name }) => `coalesce(sum(hashtextextended(r.${identifier(name)}::text COLLATE "C", s.seed)), 0)::text`,
  );
  const { rows } = await client.query<{ rows: string; sums: readonly string[] }>(
    `SELECT count(*)::text AS rows, ARRAY[${sums.join(', ')}]::text[] AS sums
     FROM ${rowsOf(table)} r, LATERAL (SELECT ${seed} AS seed OFFSET 0) s`,
  );
  const found = rows[0]?.sums ?? [];
  return {
    rows: rows[0]?.rows ?? '0',
    columns: Object.fromEntries(table.columns.map(({ name }, place) => [name, found[place] ?? ''])),
  };
}

/**
 * A line for each thing that differs.
 * @param besides columns, as `schema.table.column`, that are other ones in every run
 */
export function stateDifferences(
  wanted: State,
  found: State,
  besides: ReadonlySet<string> = new Set(),
): readonly string[] {
  const rows = [...wanted.tables].flatMap(([name, sums]) => {
    // A table that is not there is a difference of the schema.
    if (!found.tables.has(name)) return [];
    const now = found.tables.get(name);
    if (sums === undefined || now === undefined) {
      return sums === now
        ? []
        : [`rows of ${name} ${now === undefined ? 'were not written' : 'were written'}`];
    }
    if (sums.rows !== now.rows) return [`${name} has ${now.rows} rows, not ${sums.rows}`];
    return Object.entries(sums.columns).flatMap(([column, sum]) =>
      now.columns[column] === undefined || now.columns[column] === sum || besides.has(`${name}.${column}`)
        ? []
        : [`values of ${name}.${column} differ`],
    );
  });
  return [...schemaDifferences(wanted.schema, found.schema), ...rows];
}

/** Columns that two runs of one migration filled with other values: `now()`, `random()`. */
export function unsteadyColumns(one: State, other: State): ReadonlySet<string> {
  return new Set(
    [...one.tables].flatMap(([name, sums]) =>
      Object.entries(sums?.columns ?? {}).flatMap(([column, sum]) => {
        const second = other.tables.get(name)?.columns[column];
        return second === undefined || second === sum ? [] : [`${name}.${column}`];
      }),
    ),
  );
}
