/** Where the values of a column that is gone, or the rows that are, have been put by the migration itself. */
import type { ClientBase } from 'pg';
import { identifier, literal } from '../../ask.ts';
import { type CatalogueTable, type Column, rowsOf, tableName } from './catalogue.ts';
import type { SessionCasts } from './casts.ts';
import { type Key, type RowCounts, sameKey } from './keyed.ts';
import type { KeptRows, KeptTable } from './snapshot.ts';
import type { TracedColumn } from './trace.ts';
import { isSame, isSameKey, kept, keptAs } from './values.ts';

/** The column that holds values of one that is gone. */
interface Heir {
  /** `schema.table.column`. */
  readonly column: string;
  /** Values that it holds, each in the row where it belongs. */
  readonly held: number;
}

/** By attnum of the column that is gone. */
export type Heirs = ReadonlyMap<number, Heir>;
export const NO_HEIRS: Heirs = new Map();

export interface Loss {
  readonly client: ClientBase;
  readonly casts: SessionCasts;
  readonly before: KeptRows;
  readonly after: readonly CatalogueTable[];
  readonly kept: KeptTable;
  /** Undefined when the table is gone. */
  readonly now: CatalogueTable | undefined;
  readonly columns: readonly TracedColumn[];
  readonly key: Key | undefined;
  readonly counts: RowCounts;
}

/** A way from the rows of before (`o`) to rows of now (`n`) that may hold their values. */
interface Link {
  readonly to: CatalogueTable;
  readonly join: string;
  readonly candidates: readonly Column[];
}

/** Rows by which a promising column is told from the others before all are read. */
const SAMPLE_ROWS = 2000;
/** How much more often than by chance values must agree, where not all of them do. */
const BEYOND_CHANCE = 0.05;

/**
 * A column that the migration made or wrote holds the values of one that is gone, when it has each in the row where it
 * belongs: by the key of the table, by a foreign key between the two tables, or by a key of the same name. It is an heir of some
 * of them only when it holds more than half, and more than the most frequent value alone could make it: two columns of
 * yes and no agree in many rows without having anything to do with each other.
 */
export async function heirsOf(loss: Loss): Promise<Heirs> {
  const { kept: table, columns } = loss;
  const gone = columns.flatMap(({ before, now }) =>
    now === undefined && (table.filled.get(before.attnum) ?? 0) > 0 ? [before] : [],
  );
  const found = new Map<number, Heir>();
  if (gone.length === 0) return found;
  const links = linksOf(loss);
  for (const column of gone) {
    const filled = table.filled.get(column.attnum) ?? 0;
    for (const link of links) {
      const best = await bestOf(loss, column, link);
      const held = best?.held ?? 0;
      if (best === undefined || held <= (found.get(column.attnum)?.held ?? 0)) continue;
      if (held === filled || held / filled > (await chanceOf(loss, column, filled))) {
        found.set(column.attnum, best);
      }
      if (held === filled) break;
    }
  }
  return found;
}

/** Columns that the migration made, or wrote to. */
function writtenColumns({ columns, counts }: Loss, now: CatalogueTable): readonly Column[] {
  const old = new Map(columns.map((column) => [column.now?.attnum, column.before.attnum]));
  return now.columns.filter(({ attnum }) => {
    const was = old.get(attnum);
    if (was === undefined) return true;
    const found = counts.columns.get(was);
    return found !== undefined && found.changed + found.gained > 0;
  });
}

function newColumns({ before }: Loss, to: CatalogueTable): readonly Column[] {
  const known = before.tables.find(({ table }) => table.oid === to.oid)?.table.columns ?? [];
  return to.columns.filter(({ attnum }) => known.every((column) => column.attnum !== attnum));
}

function linksOf(loss: Loss): readonly Link[] {
  const { now, key, after } = loss;
  const own: readonly Link[] =
    now === undefined || key === undefined
      ? []
      : [
          {
            to: now,
            join: `JOIN ${rowsOf(now)} n ON ${sameKey(key)}`,
            candidates: writtenColumns(loss, now),
          },
        ];
  const others = after.flatMap((to): readonly Link[] => {
    const candidates = newColumns(loss, to);
    if (to.oid === now?.oid || candidates.length === 0) return [];
    return joinsTo(loss, to).map((join) => ({ to, join, candidates }));
  });
  return [...own, ...others];
}

/** Ways from the rows of before to those of another table. */
function joinsTo(loss: Loss, to: CatalogueTable): readonly string[] {
  const { now, key, columns } = loss;
  const by_name = sameNamedKey(loss, to);
  const joins = by_name === undefined ? [] : [`JOIN ${rowsOf(to)} n ON ${by_name}`];
  for (const foreign of to.foreign_keys) {
    const on =
      foreign.to === now?.oid ? foreignKey(columns, to, foreign.columns, foreign.to_columns) : undefined;
    if (on !== undefined) joins.push(`JOIN ${rowsOf(to)} n ON ${on}`);
  }
  for (const foreign of now?.foreign_keys ?? []) {
    if (now === undefined || key === undefined || foreign.to !== to.oid) continue;
    const on = foreign.columns.map((attnum, place) => {
      const from = now.columns.find((column) => column.attnum === attnum)?.name ?? '';
      const target = to.columns.find((column) => column.attnum === foreign.to_columns[place])?.name ?? '';
      return `m.${identifier(from)} = n.${identifier(target)}`;
    });
    joins.push(`JOIN ${rowsOf(now)} m ON ${sameKey(key, 'm')} JOIN ${rowsOf(to)} n ON ${on.join(' AND ')}`);
  }
  return joins;
}

function foreignKey(
  columns: readonly TracedColumn[],
  to: CatalogueTable,
  from: readonly number[],
  target: readonly number[],
): string | undefined {
  const parts = from.flatMap((attnum, place) => {
    const after = to.columns.find((column) => column.attnum === attnum);
    const traced = columns.find((column) => column.now?.attnum === target[place]);
    return after === undefined || traced === undefined ? [] : [keyPart(traced.before, after)];
  });
  return parts.length === from.length ? parts.join(' AND ') : undefined;
}

function keyPart(before: Column, after: Column): string {
  return isSameKey({ old: `o.${kept(before.attnum)}`, now: keptAs(after, 'n'), before, after });
}

/** By a key of the other table whose columns are called as a key of this one was. */
function sameNamedKey({ kept: { table } }: Loss, to: CatalogueTable): string | undefined {
  for (const numbers of table.keys) {
    const old = table.columns.filter(({ attnum }) => numbers.includes(attnum));
    const names = old.map(({ name }) => name).sort();
    const is_key = to.keys.some((other) => {
      const theirs = to.columns.filter(({ attnum }) => other.includes(attnum)).map(({ name }) => name);
      return theirs.sort().join('\n') === names.join('\n');
    });
    if (!is_key) continue;
    return old
      .flatMap((before) => {
        const after = to.columns.find(({ name }) => name === before.name);
        return after === undefined ? [] : [keyPart(before, after)];
      })
      .join(' AND ');
  }
  return undefined;
}

/** The candidate that holds the most of a column's values. */
async function bestOf(loss: Loss, column: Column, { to, join, candidates }: Link): Promise<Heir | undefined> {
  const { kept: table } = loss;
  const share = Math.min(100, (100 * SAMPLE_ROWS) / Math.max(1, table.rows));
  const sample = `(SELECT * FROM ${table.copy} TABLESAMPLE BERNOULLI (${share}) REPEATABLE (1) WHERE ${kept(column.attnum)} IS NOT NULL)`;
  const seen = await heldBy(loss, column, { from: sample, join, candidates });
  const promising = candidates.filter((_, place) => (seen.held[place] ?? 0) * 2 >= seen.filled);
  if (promising.length === 0) return undefined;
  const { held } = await heldBy(loss, column, { from: table.copy, join, candidates: promising });
  const most = Math.max(...held);
  const best = promising[held.indexOf(most)];
  return best === undefined ? undefined : { column: `${tableName(to)}.${best.name}`, held: most };
}

/** Rows whose value each candidate holds; several rows of another table may belong to one. */
async function heldBy(
  { client, casts }: Loss,
  column: Column,
  {
    from,
    join,
    candidates,
  }: { readonly from: string; readonly join: string; readonly candidates: readonly Column[] },
): Promise<{ readonly filled: number; readonly held: readonly number[] }> {
  const old = `o.${kept(column.attnum)}`;
  const same = candidates.map((after) =>
    isSame({ old, now: keptAs(after, 'n'), before: column, after }, casts),
  );
  const each = same.map((one, place) => `bool_or(coalesce(${one}, false)) AS h${place}`);
  const counts = same.map((_, place) => `count(*) FILTER (WHERE h${place})`);
  await casts.make(client);
  const { rows } = await client.query<{ filled: string; held: readonly string[] }>(
    `SELECT (SELECT count(${old}) FROM ${from} o)::text AS filled, ARRAY[${counts.join(', ')}]::text[] AS held
     FROM (SELECT ${each.join(', ')} FROM (SELECT row_number() OVER () AS row, o.* FROM ${from} o) o ${join} GROUP BY o.row) h`,
  );
  return { filled: Number(rows[0]?.filled ?? 0), held: (rows[0]?.held ?? []).map(Number) };
}

/** Share of values that an unrelated column could hold by chance. */
async function chanceOf({ client, kept: table }: Loss, { attnum }: Column, filled: number): Promise<number> {
  const { rows } = await client.query<{ most: string }>(
    `SELECT count(*)::text AS most FROM ${table.copy} WHERE ${kept(attnum)} IS NOT NULL
     GROUP BY ${kept(attnum)}::text ORDER BY count(*) DESC LIMIT 1`,
  );
  return Math.max(0.5, Number(rows[0]?.most ?? 0) / filled + BEYOND_CHANCE);
}

/**
 * A table that holds rows which are gone from this one: it was made, or has grown, and has rows of the same key with all the
 * columns and values. Without a key of the same name rows are not looked for elsewhere.
 */
export async function movedRows(
  loss: Loss,
): Promise<{ readonly rows: number; readonly to: string } | undefined> {
  const { client, casts, kept: table, now, key, after, before } = loss;
  let best: { readonly rows: number; readonly to: string } | undefined;
  for (const to of after) {
    const on = to.oid === now?.oid ? undefined : sameNamedKey(loss, to);
    const known = before.tables.find((one) => one.table.oid === to.oid);
    if (on === undefined || (known !== undefined && !(await hasGrown(client, to, known.rows)))) continue;
    const pairs = table.table.columns.map((column) => ({
      before: column,
      after: to.columns.find(({ name }) => name === column.name),
    }));
    const same = pairs.map(({ before: was, after: is }) => {
      if (is === undefined) return 'false';
      const old = `o.${kept(was.attnum)}`;
      const value = keptAs(is, 'n');
      return `(${old} IS NULL AND ${value} IS NULL OR coalesce(${isSame({ old, now: value, before: was, after: is }, casts)}, false))`;
    });
    await casts.make(client);
    const lost =
      now === undefined || key === undefined
        ? 'true'
        : `NOT EXISTS (SELECT FROM ${rowsOf(now)} m WHERE ${sameKey(key, 'm')})`;
    const { rows } = await client.query<{ rows: string }>(
      `SELECT count(*)::text AS rows FROM ${table.copy} o JOIN ${rowsOf(to)} n ON ${on} WHERE ${same.join(' AND ')} AND ${lost}`,
    );
    const found = Number(rows[0]?.rows ?? 0);
    if (found > (best?.rows ?? 0)) best = { rows: found, to: tableName(to) };
  }
  return best;
}

async function hasGrown(client: ClientBase, table: CatalogueTable, rows_before: number): Promise<boolean> {
  const { rows } = await client.query<{ grown: boolean }>(
    `SELECT count(*) > ${literal(String(rows_before))}::bigint AS grown FROM ${rowsOf(table)} n`,
  );
  return rows[0]?.grown === true;
}
