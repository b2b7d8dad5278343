/** What became of the rows of a table, each found again by a key. */
import type { ClientBase } from 'pg';
import { identifier } from '../../ask.ts';
import { type CatalogueTable, type Column, rowsOf } from './catalogue.ts';
import type { SessionCasts } from './casts.ts';
import type { KeptTable } from './snapshot.ts';
import type { TracedColumn } from './trace.ts';
import { FATE, fateOf, isSameKey, kept, keptAs, type Pair } from './values.ts';

const EXAMPLES_MAX = 5;

export interface ColumnCounts {
  readonly changed: number;
  readonly truncated: number;
  readonly nulled: number;
  readonly gained: number;
  readonly examples: readonly string[];
}

export interface RowCounts {
  readonly rows_after: number;
  readonly rows_lost: number;
  readonly rows_added: number;
  /** Rows that are gone, or whose values are not all there still. */
  readonly rows_harmed: number;
  /** Rows of before that are gone or have another value, a value among them where there was none. */
  readonly rows_differing: number;
  readonly examples: readonly string[];
  /** By attnum of before; columns that are gone are not among them. */
  readonly columns: ReadonlyMap<number, ColumnCounts>;
}

/** Columns by which rows are found again: as they were and as they are. */
export type Key = readonly { readonly before: Column; readonly now: Column }[];

/** Both sides of a column of which both are there: `o` are the rows of before, `n` (or another name) those of now. */
export function pairOf(
  { before, now }: { readonly before: Column; readonly now: Column },
  rows_now = 'n',
): Pair {
  return { old: `o.${kept(before.attnum)}`, now: keptAs(now, rows_now), before, after: now };
}

export function sameKey(key: Key, rows_now = 'n'): string {
  return key.map((column) => isSameKey(pairOf(column, rows_now))).join(' AND ');
}

/**
 * The first key of before whose columns are all there still, and by which no two rows are the same now. A column that was made
 * anew under the name of one that is gone serves only where no other does, and when it holds the keys of most rows: it may be
 * a copy, or something else.
 */
export async function keyOf(
  client: ClientBase,
  before: KeptTable,
  now: CatalogueTable,
  columns: readonly TracedColumn[],
): Promise<Key | undefined> {
  const keys = before.table.keys.flatMap((attnums): readonly Key[] => {
    const key = attnums.flatMap((attnum) => {
      const found = columns.find((column) => column.before.attnum === attnum);
      return found?.now === undefined ? [] : [{ before: found.before, now: found.now }];
    });
    return key.length === attnums.length ? [key] : [];
  });
  const isSameColumn = (column: Key[number]): boolean => column.before.attnum === column.now.attnum;
  const [own, anew] = [
    keys.filter((key) => key.every(isSameColumn)),
    keys.filter((key) => !key.every(isSameColumn)),
  ];
  for (const key of own) if (await tellsApart(client, now, key)) return key;
  for (const key of anew) {
    if (!(await tellsApart(client, now, key))) continue;
    const { rows: found } = await client.query<{ rows: string }>(
      `SELECT count(*)::text AS rows FROM ${before.copy} o JOIN ${rowsOf(now)} n ON ${sameKey(key)}`,
    );
    if (Number(found[0]?.rows) * 2 > before.rows || before.rows === 0) return key;
  }
  return undefined;
}

async function tellsApart(client: ClientBase, now: CatalogueTable, key: Key): Promise<boolean> {
  const numbers = new Set(key.map((column) => column.now.attnum));
  if (now.keys.some((one) => one.every((attnum) => numbers.has(attnum)))) return true;
  const columns = key.map((column) => `n.${identifier(column.now.name)}`).join(', ');
  const { rows } = await client.query(
    `SELECT FROM ${rowsOf(now)} n GROUP BY ${columns} HAVING count(*) > 1 LIMIT 1`,
  );
  return rows.length === 0;
}

/** The key in words, for examples: only a primary key is shown, because another one may be somebody's address. */
function keyText(key: Key): string {
  const parts = key.map(
    ({ before, now }) => `coalesce(o.${kept(before.attnum)}::text, ${keptAs(now, 'n')}::text)`,
  );
  return parts.length === 1 ? (parts[0] ?? '') : `'(' || concat_ws(', ', ${parts.join(', ')}) || ')'`;
}

/**
 * Joins the rows of before with those of now, in the server. Only rows in which something differs are written down, for
 * counts and examples.
 * @param differences name of the table to write
 */
export async function compareByKey(
  client: ClientBase,
  casts: SessionCasts,
  {
    kept: before,
    now,
    key,
    columns,
    differences,
    only,
    harmless = new Set(),
  }: {
    readonly kept: KeptTable;
    readonly now: CatalogueTable;
    readonly key: Key;
    readonly columns: readonly TracedColumn[];
    readonly differences: string;
    /** Condition on the `key` of a row, in words; rows that do not meet it are not looked at. */
    readonly only?: string;
    /** Columns (attnum) whose values do no harm to their row when they are gone. */
    readonly harmless?: ReadonlySet<number>;
  },
): Promise<RowCounts> {
  const in_key = new Set(key.map((column) => column.before.attnum));
  const compared = columns.flatMap((column) =>
    column.now === undefined || in_key.has(column.before.attnum)
      ? []
      : [{ before: column.before, now: column.now }],
  );
  const fates = compared.map((column) => `${fateOf(pairOf(column), casts)} AS ${kept(column.before.attnum)}`);
  const any = compared.map(({ before: { attnum } }) => `${kept(attnum)} <> ${FATE.kept}`);
  await casts.make(client);
  await client.query(`CREATE TEMPORARY TABLE ${differences} AS SELECT * FROM (
      SELECT ${keyText(key)} AS key, n.tableoid IS NULL AS lost, o.tableoid IS NULL AS added
        ${fates.map((fate) => `, ${fate}`).join('')}
      FROM ${before.copy} o FULL JOIN ${rowsOf(now)} n ON ${sameKey(key)} OFFSET 0
    ) d WHERE (${['lost', 'added', ...any].join(' OR ')})${only === undefined ? '' : ` AND ${only}`}`);
  const [primary] = before.table.has_primary_key ? before.table.keys : [];
  const shown = primary?.every((attnum) => in_key.has(attnum)) === true;
  return await count(
    client,
    { differences, rows_before: before.rows, shown },
    [...in_key, ...compared.map((column) => column.before.attnum)],
    { in_key, harmless },
  );
}

/** Counts what was written down. Columns of the key differ nowhere: rows were found by them. */
async function count(
  client: ClientBase,
  {
    differences,
    rows_before,
    shown,
  }: { readonly differences: string; readonly rows_before: number; readonly shown: boolean },
  attnums: readonly number[],
  { in_key, harmless }: { readonly in_key: ReadonlySet<number>; readonly harmless: ReadonlySet<number> },
): Promise<RowCounts> {
  const here = 'NOT lost AND NOT added';
  const fates = attnums.flatMap((attnum) =>
    [FATE.changed, FATE.truncated, FATE.nulled, FATE.gained].map((fate) =>
      in_key.has(attnum) ? '0' : `count(*) FILTER (WHERE ${here} AND ${kept(attnum)} = ${fate})`,
    ),
  );
  const harm = attnums.flatMap((attnum) =>
    in_key.has(attnum) || harmless.has(attnum)
      ? []
      : [`${kept(attnum)} NOT IN (${FATE.kept}, ${FATE.gained})`],
  );
  const counts = [
    'count(*) FILTER (WHERE lost)',
    'count(*) FILTER (WHERE added)',
    `count(*) FILTER (WHERE lost OR NOT added AND (${['false', ...harm].join(' OR ')}))`,
    'count(*) FILTER (WHERE NOT added)',
    ...fates,
  ];
  const { rows } = await client.query<{ counts: readonly string[] }>(
    `SELECT ARRAY[${counts.join(', ')}]::text[] AS counts FROM ${differences}`,
  );
  const [rows_lost = 0, rows_added = 0, rows_harmed = 0, rows_differing = 0, ...found] = (
    rows[0]?.counts ?? []
  ).map(Number);
  const examples = async (where: string): Promise<readonly string[]> =>
    shown ? await examplesOf(client, differences, where) : [];
  const columns = new Map<number, ColumnCounts>();
  for (const [place, attnum] of attnums.entries()) {
    const [changed = 0, truncated = 0, nulled = 0, gained = 0] = found.slice(place * 4, place * 4 + 4);
    const differs = changed + truncated + nulled + gained > 0;
    columns.set(attnum, {
      changed: changed + truncated,
      truncated,
      nulled,
      gained,
      examples: differs ? await examples(`${here} AND ${kept(attnum)} <> ${FATE.kept}`) : [],
    });
  }
  return {
    rows_after: rows_before - rows_lost + rows_added,
    rows_lost,
    rows_added,
    rows_harmed,
    rows_differing,
    examples: rows_lost > 0 ? await examples('lost') : [],
    columns,
  };
}

async function examplesOf(
  client: ClientBase,
  differences: string,
  where: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ key: string }>(
    `SELECT key FROM ${differences} WHERE ${where} ORDER BY length(key), key LIMIT ${EXAMPLES_MAX}`,
  );
  return rows.map(({ key }) => key);
}
