/** Puts planned rows into their tables, fast: keys are checked and indexes built once all rows are there. */
import { messageOf } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { identifier, literal } from '../../ask.ts';
import { answerOf, withoutValues } from '../../guard/apply-refusal.ts';
import { endOn, openClient, type OwnClient } from '../../server/client.ts';
import { lackOf } from '../../server/refusals.ts';
import type { Address } from '../../server/types.ts';
import { insertSql, type Plan, type TablePlan } from './plan.ts';
import { RowsNotMade } from './rows-not-made.ts';
import { tableName, type TableSchema, tableSql } from './schema.ts';

const CHUNK_ROWS = 100_000;
/** Sessions that work side by side. */
const WORKERS = 2;
/** Below this an index that grows row by row costs nothing. */
const MANY_ROWS = 10_000;
/** Neither triggers nor checks of references run; the references are checked afterwards. */
const AS_REPLICA = { session_replication_role: 'replica', synchronous_commit: 'off' } as const;

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
}

type Work = (client: OwnClient) => Promise<void>;

/**
 * @throws UnfitError that names the table and the constraint that does not hold
 */
export async function loadRows(address: Address, plan: Plan, options: LoadOptions): Promise<void> {
  const tables = [...plan.values()];
  const many = tables.filter(({ rows }) => rows >= MANY_ROWS);
  {
    await using client = await openClient(address);
    for (const { table } of many) await suspendIndexes(client, table);
  }
  const all_rows = tables.reduce((sum, { rows }) => sum + rows, 0);
  let made = 0;
  const inserts = tables.flatMap((one) =>
    chunksOf(one).map(
      ({ from, to }): Work =>
        async (client) => {
          await told(one.table, () => client.query(insertSql(plan, one, tableSql(one.table), from, to)));
          made += to - from + 1;
          options.progress?.(`made ${made} of ${all_rows} rows`);
        },
    ),
  );
  await runAll(address, inserts, options);
  options.progress?.('building indexes');
  await runAll(
    address,
    many.map(
      ({ table }): Work =>
        async (client) => {
          await told(table, () => client.query(`REINDEX TABLE ${tableSql(table)}`));
        },
    ),
    options,
  );
  await runAll(
    address,
    tables.map(
      ({ table }): Work =>
        async (client) => {
          await advanceSequences(client, table);
          await client.query(`ANALYZE ${tableSql(table)}`);
        },
    ),
    options,
  );
  options.progress?.('checking references');
  await runAll(
    address,
    tables.map(
      ({ table }): Work =>
        (client) =>
          checkReferences(client, table),
    ),
    options,
  );
}

function chunksOf({ first, rows }: TablePlan): readonly { readonly from: number; readonly to: number }[] {
  return Array.from({ length: Math.ceil(rows / CHUNK_ROWS) }, (_, place) => ({
    from: first + place * CHUNK_ROWS,
    to: first + Math.min(rows, (place + 1) * CHUNK_ROWS) - 1,
  }));
}

async function runAll(address: Address, works: readonly Work[], { signal }: LoadOptions): Promise<void> {
  const todo = works.values();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const workers = Array.from({ length: Math.min(WORKERS, works.length) }, async () => {
    await using client = await openClient(address, AS_REPLICA);
    using _ = endOn(client, either);
    for (const work of todo) {
      either.throwIfAborted();
      await work(client);
    }
  }).map((worker) =>
    worker.catch((error: unknown) => {
      // The others need not go on.
      stop.abort(error);
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw signal.aborted ? signal.reason : stop.signal.reason;
}

/** An index that is not ready is left alone by inserts and made whole by REINDEX, which checks its key too. */
async function suspendIndexes(client: OwnClient, table: TableSchema): Promise<void> {
  await client.query(
    `UPDATE pg_index SET indisready = false, indisvalid = false
     WHERE indrelid IN (SELECT relid FROM pg_partition_tree($1::oid) WHERE isleaf UNION SELECT $1::oid)
       AND NOT indisexclusion AND indisready AND (SELECT relkind FROM pg_class WHERE oid = indexrelid) = 'i'`,
    [table.oid],
  );
}

async function advanceSequences(client: OwnClient, table: TableSchema): Promise<void> {
  for (const { name, sequence } of table.columns) {
    if (sequence === null) continue;
    await client.query(
      `SELECT setval(${literal(sequence)}, max(${identifier(name)})) FROM ${tableSql(table)} HAVING max(${identifier(name)}) IS NOT NULL`,
    );
  }
}

async function checkReferences(client: OwnClient, table: TableSchema): Promise<void> {
  for (const { name, columns, target, target_columns } of table.references) {
    const given = columns.map((column) => `child.${identifier(column)} IS NOT NULL`).join(' AND ');
    const same = columns
      .map(
        (column, place) => `parent.${identifier(target_columns[place] ?? '')} = child.${identifier(column)}`,
      )
      .join(' AND ');
    const { rows } = await client.query<{ broken: boolean }>(
      `SELECT EXISTS (SELECT FROM ${tableSql(table)} AS child WHERE ${given}
         AND NOT EXISTS (SELECT FROM ${await regclass(client, target)} AS parent WHERE ${same})) AS broken`,
    );
    if (rows[0]?.broken === true) throw infeasible(table, `the reference ${name} does not hold`);
  }
}

async function regclass(client: OwnClient, oid: number): Promise<string> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = $1`,
    [oid],
  );
  const [found] = rows;
  if (found === undefined) throw new Error(`there is no table ${oid}`);
  return tableSql(found);
}

async function told(table: TableSchema, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw lackOf(error, 'generating rows') ?? infeasible(table, saidOf(error), error);
  }
}

function saidOf(error: unknown): string {
  const answer = answerOf(error);
  return answer === undefined ? messageOf(error) : withoutValues(answer);
}

function infeasible(table: TableSchema, why: string, cause?: unknown): RowsNotMade {
  return new RowsNotMade(table, `rows for ${tableName(table)} cannot be generated: ${why}`, {
    ...(answerOf(cause) === undefined ? {} : { cause }),
    next: 'Describe its columns (values, distinct), ask for fewer rows, or take a dump.',
  });
}
