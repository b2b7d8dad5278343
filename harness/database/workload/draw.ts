/** Values of parameters, drawn by seed from what the database holds when the workload starts. */
import type { ClientBase } from 'pg';
import type { ReleaseSide } from '#harness/core/guard/load-facts.ts';
import type { Random } from '#harness/core/random.ts';
import { literal } from '../ask.ts';
import { answerOf } from '../guard/apply-refusal.ts';
import type { Draw, Parameter } from './types.ts';

/** A value as the client library sends it: the server reads it as the type that the statement needs. */
export type Value = string | null;

/** Draws the next value. */
export type Source = () => Value;

const SAMPLES_MAX = 1_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** A name that is not there any more, or not yet: the statement that uses it says so itself. */
const NOT_THERE: ReadonlySet<string> = new Set(['42P01', '42703', '3F000']);

/** Of the two releases neither draws what the other one does: both may write to the same rows. */
export function seedOf(seed: number, side: ReleaseSide): number {
  return side === 'old' ? seed : ~seed;
}

function whole(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

function letters(random: Random, count: number): string {
  return Array.from({ length: count }, () => LETTERS[whole(random, 0, LETTERS.length - 1)] ?? '').join('');
}

/** Version 4, as RFC 9562 lays it out, from the seed. */
function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => whole(random, 0, 15).toString(16));
  hex[12] = '4';
  hex[16] = whole(random, 8, 11).toString(16);
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** One column of what a statement yields, as text; nothing where the names in it are not there. */
async function textsOf(client: ClientBase, text: string): Promise<readonly string[]> {
  try {
    const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
    return rows.map(([value]) => value);
  } catch (error) {
    if (NOT_THERE.has(answerOf(error)?.code ?? '')) return [];
    throw error;
  }
}

/** Blocks of a table that are read to take values from: 10,000 rows or so. */
const BLOCKS = 64;

/** Blocks of a table with all its parts; 0 of what has none, such as a view. */
async function blocksOf(client: ClientBase, table: string): Promise<number> {
  const [blocks = '0'] = await textsOf(
    client,
    `SELECT ((pg_relation_size(c.oid) + coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(c.oid)), 0))
        / current_setting('block_size')::int)::bigint::text
      FROM pg_class c WHERE c.oid = to_regclass(${literal(table)}) AND c.relkind IN ('r', 'p', 'm')`,
  );
  return Number(blocks);
}

/** Values from all over a column, the same ones for the same seed and rows. */
async function samplesOf(
  client: ClientBase,
  { table, column }: { readonly table: string; readonly column: string },
  seed: number,
): Promise<readonly string[]> {
  const share_pct = (BLOCKS * 100) / Math.max(1, await blocksOf(client, table));
  const from = `SELECT ${column}::text AS value FROM ${table}`;
  const select = (sampled: string): string =>
    `SELECT value FROM (${from}${sampled}) s WHERE value IS NOT NULL ORDER BY md5(value || ${seed}) LIMIT ${SAMPLES_MAX}`;
  const sample =
    share_pct < 100
      ? await textsOf(client, select(` TABLESAMPLE SYSTEM (${share_pct}) REPEATABLE (${seed})`))
      : [];
  return sample.length > 0 ? sample : await textsOf(client, select(''));
}

async function highestOf(
  client: ClientBase,
  { table, column }: { readonly table: string; readonly column: string },
): Promise<number> {
  const [highest] = await textsOf(client, `SELECT coalesce(max(${column}), 0)::text FROM ${table}`);
  return Math.max(0, Math.ceil(Number(highest ?? 0)));
}

/** Both releases may count at once: the old one takes odd numbers, the new one even ones. */
function counting(from: number, side: ReleaseSide): Source {
  const is_odd = side === 'old';
  let next = from + 1;
  if ((Math.abs(next % 2) === 1) !== is_odd) next += 1;
  return () => {
    const value = String(next);
    next += 2;
    return value;
  };
}

interface Drawing {
  readonly client: ClientBase;
  readonly side: ReleaseSide;
  readonly seed: number;
  readonly random: Random;
}

async function sourceOf(draw: Draw, { client, side, seed, random }: Drawing): Promise<Source> {
  switch (draw.kind) {
    case 'sample': {
      const values = await samplesOf(client, draw, seed);
      return () => values[whole(random, 0, values.length - 1)] ?? null;
    }
    case 'int':
      return () => String(whole(random, draw.from, draw.to));
    case 'decimal': {
      const unit = 10 ** draw.digits;
      const [from, to] = [Math.round(draw.from * unit), Math.round(draw.to * unit)];
      return () => (whole(random, from, to) / unit).toFixed(draw.digits);
    }
    case 'text':
      return () => letters(random, whole(random, draw.from, draw.to));
    case 'uuid':
      return () => uuid(random);
    case 'bool':
      return () => String(random() < 0.5);
    case 'one_of':
      return () => draw.values[whole(random, 0, draw.values.length - 1)] ?? null;
    case 'sequence': {
      const { table, column } = draw;
      const highest =
        table === undefined || column === undefined ? 0 : await highestOf(client, { table, column });
      return counting(Math.max(draw.from, highest), side);
    }
  }
}

/** Draws a value for each parameter of an item, by name. */
export type Drawer = () => Readonly<Record<string, Value>>;

/** Reads what the parameters of one item need from the database, once. */
export async function drawerOf(parameters: readonly Parameter[], drawing: Drawing): Promise<Drawer> {
  const sources: (readonly [string, Source])[] = [];
  for (const { name, draw } of parameters) sources.push([name, await sourceOf(draw, drawing)]);
  return () => Object.fromEntries(sources.map(([name, source]) => [name, source()]));
}
