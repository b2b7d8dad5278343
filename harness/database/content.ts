/**
 * What a PostgreSQL database holds, so that it can be compared with what it held: rows by hashes that do not depend on
 * their order, computed by the server while it reads them, and its sequences, constraints and indexes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { array, looseObject, nullable, number, parse, record, string } from 'valibot';
import { DeadlineError } from '#harness/core/errors.ts';
import type { DatabaseContentData, TableContent } from '#harness/core/recovery.ts';
import { type Ask, askJson, identifier, literal, SAME_WORDS } from './ask.ts';
import { structureOf, type Structure, type Table } from './structure.ts';

/** A table that grows while it is compared: only rows up to a position count. */
export interface UpTo {
  /** `schema.table`. */
  readonly table: string;
  /** Column that grows with each row. */
  readonly column: string;
  readonly position: number;
}

/** What of a database is read. */
export interface ContentOptions {
  /** All but the server's own when absent. */
  readonly schemas?: readonly string[];
  readonly up_to?: readonly UpTo[];
}

const SUMS = looseObject({
  rows: number(),
  sums: array(nullable(string())),
  columns: record(string(), nullable(string())),
});
const CONTENT = looseObject({
  tables: record(string(), SUMS),
  largest: array(looseObject({ sequence: string(), value: nullable(number()) })),
});

const TWO_64 = 2n ** 64n;

/** A sum of 64-bit numbers, which SQL counts without end, as hexadecimal digits. */
function hex(sum: string | null): string {
  const value = BigInt(sum ?? '0') % TWO_64;
  return ((value + TWO_64) % TWO_64).toString(16).padStart(16, '0');
}

/** The text of a value, hashed as hash partitions are: these functions stay the same from version to version. */
function hashOf(text: string, seed: string): string {
  return `hashtextextended((${text}) COLLATE "C", ${seed})`;
}

function rowOf(columns: readonly string[]): string {
  return `ROW(${columns.map((column) => `r.${identifier(column)}`).join(', ')})::text`;
}

/**
 * Sums, not exclusive-ors, over rows: two rows that are alike would cancel each other out. A value's hash begins from that
 * of its row's key, so that values which change places are noticed; a missing value adds nothing, an empty text does.
 */
function sumsOf({ schema, name, is_partitioned, columns, key }: Table, up_to: UpTo | undefined): string {
  const from = `${is_partitioned ? '' : 'ONLY '}${identifier(schema)}.${identifier(name)}`;
  const where = up_to === undefined ? '' : ` WHERE r.${identifier(up_to.column)} <= ${up_to.position}`;
  const seed = key === null ? '0' : hashOf(rowOf(key), '0');
  const hashes = columns.map(
    (column, index) => `${hashOf(`r.${identifier(column)}::text`, 's.seed')} AS c${index}`,
  );
  const inner = [`${hashOf('s.whole', '0')} AS h0`, `${hashOf('s.whole', '1')} AS h1`, ...hashes].join(', ');
  const byColumn = columns.map((column, index) => `${literal(column)}, sum(h.c${index})::text`).join(', ');
  return `(SELECT json_build_object('rows', count(*), 'sums', json_build_array(sum(h.h0)::text, sum(h.h1)::text),
      'columns', json_build_object(${byColumn}))
    FROM (SELECT ${inner} FROM ${from} r, LATERAL (SELECT ${rowOf(columns)} AS whole, ${seed} AS seed OFFSET 0) s${where}) h)`;
}

const nameOf = ({ schema, name }: Table): string => `${schema}.${name}`;

function statementFor({ tables, filled }: Structure, up_to: readonly UpTo[]): string {
  const contents = tables.map((table) => {
    const bound = up_to.find((one) => one.table === nameOf(table));
    return `SELECT ${literal(nameOf(table))} AS name, ${sumsOf(table, bound)} AS content`;
  });
  const largest = filled.map(({ sequence, schema, table, column }) => {
    const of = `(SELECT max(${identifier(column)})::numeric FROM ${identifier(schema)}.${identifier(table)})`;
    return `json_build_object('sequence', ${literal(sequence)}, 'value', ${of})`;
  });
  const rows =
    contents.length === 0
      ? "'{}'::json"
      : `(SELECT json_object_agg(name, content) FROM (${contents.join(' UNION ALL ')}) t)`;
  // One statement sees one state of the database, whatever is written meanwhile.
  return `${SAME_WORDS}SELECT json_build_object('tables', ${rows}, 'largest', json_build_array(${largest.join(', ')}))::text;`;
}

function largestKeys(
  found: readonly { readonly sequence: string; readonly value: number | null }[],
): Readonly<Record<string, number>> {
  const keys: Record<string, number> = {};
  for (const { sequence, value } of found) {
    if (value !== null) keys[sequence] = Math.max(value, keys[sequence] ?? value);
  }
  return keys;
}

/**
 * Reads what a database holds, in two statements: its structure, then its content as of one moment.
 * @throws UnfitError when the database does not tell, or changes its structure in between
 */
export async function contentOf(
  ask: Ask,
  { schemas, up_to = [] }: ContentOptions = {},
): Promise<Omit<DatabaseContentData, 'moment'>> {
  const structure = await structureOf(ask, schemas);
  const { tables, largest } = parse(
    CONTENT,
    await askJson(ask, 'what it holds', statementFor(structure, up_to)),
  );
  const { sequences, columns, constraints, indexes } = structure;
  return {
    tables: Object.entries(tables)
      .map(
        ([table, { rows, sums, columns: by_column }]): TableContent => ({
          table,
          rows,
          content_hash: sums.map(hex).join(''),
          columns: Object.fromEntries(Object.entries(by_column).map(([column, sum]) => [column, hex(sum)])),
        }),
      )
      .sort((left, right) => (left.table < right.table ? -1 : 1)),
    sequences,
    largest_keys: largestKeys(largest),
    columns,
    constraints,
    indexes,
    up_to: Object.fromEntries(
      up_to
        .filter(({ table }) => Object.hasOwn(tables, table))
        .map(({ table, position }) => [table, position]),
    ),
  };
}

const SETTLED = looseObject({ position: number(), writers: array(string()) });
/** Statements of a shop take milliseconds; a transaction that is open for longer is not waited for in vain. */
const SETTLE_S = 10;
const PAUSE_MS = 50;

/**
 * A position in a table that grows up to which nothing will be added any more. The greatest one that is there does not
 * do: an earlier number may have been drawn by a transaction that has not ended. So all are waited for that were writing
 * to the table when it was read; new ones draw greater numbers. Nobody is held up by it.
 * @param at table and column, of which each new row has a greater value, drawn within the transaction that adds it
 * @throws DeadlineError when a writer does not end
 * @throws UnfitError when the database does not tell
 */
export async function settledPosition(
  ask: Ask,
  { table, column }: Omit<UpTo, 'position'>,
  deadline_s = SETTLE_S,
): Promise<UpTo> {
  const [schema = '', ...rest] = table.split('.');
  const relation = `${identifier(schema)}.${identifier(rest.join('.'))}`;
  const statement = `${SAME_WORDS}SELECT json_build_object(
    'position', (SELECT coalesce(max(${identifier(column)}), 0) FROM ${relation}),
    'writers', (SELECT coalesce(json_agg(DISTINCT l.virtualtransaction), '[]') FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.relation = ${literal(relation)}::regclass AND l.mode = 'RowExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND l.pid <> pg_backend_pid()))::text;`;
  const read = async () => parse(SETTLED, await askJson(ask, `how far ${table} has grown`, statement));
  const { position, writers } = await read();
  const until = Date.now() + deadline_s * 1000;
  let open = writers;
  while (open.length > 0) {
    if (Date.now() > until) {
      throw new DeadlineError(
        `those that were writing to ${table} to end`,
        deadline_s,
        `${open.length} of ${writers.length} are at it`,
      );
    }
    await delay(PAUSE_MS);
    const now = new Set((await read()).writers);
    open = open.filter((one) => now.has(one));
  }
  return { table, column, position };
}
