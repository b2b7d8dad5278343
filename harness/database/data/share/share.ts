/** A copy of a database with a share of its rows. */
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { identifier } from '../../ask.ts';
import { answerOf, withoutValues } from '../../guard/apply-refusal.ts';
import { endOn, openClient, type OwnClient } from '../../server/client.ts';
import { lackOf } from '../../server/refusals.ts';
import type { ScratchDatabase, ScratchServer } from '../../server/types.ts';
import { readSchema, tableName, type TableSchema, tableSql } from '../generate/schema.ts';
import { planShare, type SharePlan } from './plan.ts';

export interface ShareOptions {
  /** Of the rows, between 0 and 1. */
  readonly share: number;
  /** `schema.table` of those whose rows matter. */
  readonly tables: readonly string[];
  /** The one that is to have this share of its rows. */
  readonly largest: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
}

/** Neither triggers nor checks of references run. */
const AS_REPLICA = { session_replication_role: 'replica', synchronous_commit: 'off' } as const;
/** Chains of rows that refer to each other and are longer fall apart row by row. */
const PASSES_MAX = 50;
/** A table that has nothing to do with it and is larger is emptied: every copy would have to take it along. */
const UNRELATED_BYTES = 1024 ** 2;

/**
 * Copies a database, and takes rows away until the largest table has about the share that was asked for. The rows that stay are
 * as they were, and so are values, widths and how often each comes; references hold. A reference of a row to another of the same
 * table becomes NULL where that is gone, if it may.
 * @throws UnfitError when no such part of the rows can stand by itself; the signal's reason when it is called off
 */
export async function shareOfRows(
  server: ScratchServer,
  template: ScratchDatabase,
  options: ShareOptions,
): Promise<ScratchDatabase> {
  await using undo = new AsyncDisposableStack();
  const copy = undo.use(await server.create({ template }));
  try {
    await reduce(copy, server.version_num, options);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (error instanceof UnfitError) throw error;
    const answer = answerOf(error);
    const why = answer === undefined ? messageOf(error) : withoutValues(answer);
    throw lackOf(error, 'a share of the rows') ?? new UnfitError(`no share of the rows can be made: ${why}`);
  }
  undo.move();
  return copy;
}

async function reduce(
  { address }: ScratchDatabase,
  version_num: number,
  { share, tables, largest, seed, signal, progress }: ShareOptions,
): Promise<void> {
  await using client = await openClient(address, AS_REPLICA);
  using _ = endOn(client, signal);
  const plan = planShare(await readSchema(client, version_num), new Set(tables), largest);
  await emptyUnrelated(client, plan);
  const reduced = new Set(plan.reduced.map(({ oid }) => oid));
  const drawn_share = share ** (1 / plan.drawn_above);
  for (const table of plan.reduced) {
    progress?.(`taking rows from ${tableName(table)}`);
    const orphaned = orphans(table, plan.reduced, reduced);
    const drawn = plan.drawn.has(table.oid) ? [`${uniform(seed)} >= ${drawn_share}`] : [];
    await deleteWhere(client, table, [...drawn, ...orphaned]);
    await cutOwnReferences(client, table);
  }
  if (plan.has_circle) await untilSettled(() => deleteOrphans(client, plan, reduced), largest);
  const names = plan.reduced.map(tableSql).join(', ');
  if (names === '') return;
  progress?.('writing the rows that stay');
  await client.query(`VACUUM (FULL, ANALYZE) ${names}`);
  // What was written anew is not yet known to be visible to all, as it is where a database has stood for a while.
  await client.query(`VACUUM ${names}`);
}

/** The same row has the same number in each run. */
function uniform(seed: number): string {
  return `(hashtextextended(c.tableoid::text || c.ctid::text, ${seed}) & 9007199254740991)::float8 / 9007199254740992`;
}

async function emptyUnrelated(client: OwnClient, { unrelated }: SharePlan): Promise<void> {
  if (unrelated.length === 0) return;
  const { rows } = await client.query<{ oid: number }>(
    `SELECT c.oid::int8::float8 AS oid FROM pg_class AS c WHERE c.oid = ANY ($1::oid[]) AND greatest(pg_total_relation_size(c.oid),
       (SELECT sum(pg_total_relation_size(part.relid)) FROM pg_partition_tree(c.oid) AS part)) > ${UNRELATED_BYTES}`,
    [unrelated.map(({ oid }) => oid)],
  );
  const large = new Set(rows.map(({ oid }) => oid));
  const names = unrelated.filter(({ oid }) => large.has(oid)).map(tableSql);
  if (names.length > 0) await client.query(`TRUNCATE ${names.join(', ')} CASCADE`);
}

/** Conditions under which a reference of a row to another table that loses rows does not hold. */
function orphans(
  { oid, references }: TableSchema,
  tables: readonly TableSchema[],
  reduced: ReadonlySet<number>,
): readonly string[] {
  return references.flatMap((reference) => {
    const target = tables.find((table) => table.oid === reference.target);
    if (target === undefined || target.oid === oid || !reduced.has(target.oid)) return [];
    return [orphanedBy(reference, target)];
  });
}

function orphanedBy(
  { columns, target_columns }: TableSchema['references'][number],
  target: TableSchema,
): string {
  const given = columns.map((column) => `c.${identifier(column)} IS NOT NULL`).join(' AND ');
  const same = columns
    .map((column, place) => `p.${identifier(target_columns[place] ?? '')} = c.${identifier(column)}`)
    .join(' AND ');
  return `(${given} AND NOT EXISTS (SELECT FROM ${tableSql(target)} AS p WHERE ${same}))`;
}

async function deleteWhere(
  client: OwnClient,
  table: TableSchema,
  conditions: readonly string[],
): Promise<number> {
  if (conditions.length === 0) return 0;
  const found = await client.query(`DELETE FROM ${tableSql(table)} AS c WHERE ${conditions.join(' OR ')}`);
  return found.rowCount ?? 0;
}

async function deleteOrphans(
  client: OwnClient,
  { reduced: tables }: SharePlan<TableSchema>,
  reduced: ReadonlySet<number>,
): Promise<number> {
  let gone = 0;
  for (const table of tables) {
    gone += await deleteWhere(client, table, orphans(table, tables, reduced));
    await cutOwnReferences(client, table);
  }
  return gone;
}

/** References of rows to others of the same table. */
async function cutOwnReferences(client: OwnClient, table: TableSchema): Promise<void> {
  for (const reference of table.references) {
    if (reference.target !== table.oid) continue;
    const broken = orphanedBy(reference, table);
    const free = table.columns.find(
      ({ name, not_null, generated }) => reference.columns.includes(name) && !not_null && !generated,
    );
    if (free === undefined) {
      await untilSettled(() => deleteWhere(client, table, [broken]), tableName(table));
    } else {
      await client.query(
        `UPDATE ${tableSql(table)} AS c SET ${identifier(free.name)} = NULL WHERE ${broken}`,
      );
    }
  }
}

/** @throws UnfitError when rows still go after many passes */
async function untilSettled(pass: () => Promise<number>, table: string): Promise<void> {
  for (let passes = 0; passes < PASSES_MAX; passes += 1) if ((await pass()) === 0) return;
  throw new UnfitError(
    `rows of ${table} refer to each other, so that no smaller part of them stands by itself`,
  );
}
