/** What became of the rows of a table that no key tells apart: they are compared as a multiset. */
import type { ClientBase } from 'pg';
import { type CatalogueTable, rowsOf } from './catalogue.ts';
import type { SessionCasts } from './casts.ts';
import { type ColumnCounts, pairOf, type RowCounts } from './keyed.ts';
import type { KeptTable } from './snapshot.ts';
import type { TracedColumn } from './trace.ts';
import { inSameWords, kept } from './values.ts';

interface BothColumns {
  readonly before: CatalogueTable['columns'][number];
  readonly now: CatalogueTable['columns'][number];
}

/**
 * Rows that are the same word for word cancel each other out, one for one. Of the others, a row of before and one of now
 * that differ in a single column are taken for the same row; what then remains was lost and added. So a row that changed
 * in two columns at once counts as one lost and one added: without a key nobody can know better.
 */
export async function compareAsMultiset(
  client: ClientBase,
  casts: SessionCasts,
  {
    kept: before,
    now,
    columns,
  }: {
    readonly kept: KeptTable;
    readonly now: CatalogueTable;
    readonly columns: readonly TracedColumn[];
  },
): Promise<RowCounts> {
  const compared = columns.flatMap((column): readonly BothColumns[] =>
    column.now === undefined ? [] : [{ before: column.before, now: column.now }],
  );
  const words = compared.map((column) => ({
    name: kept(column.before.attnum),
    sides: inSameWords(pairOf(column), casts),
  }));
  const names = words.map(({ name }) => name);
  const [old = '', now_words = ''] = ([0, 1] as const).map((place) => {
    const values = words.map(({ name, sides }) => `${sides[place]} AS ${name}`).join(', ');
    const from = `SELECT ${values} FROM ${place === 0 ? `${before.copy} o` : `${rowsOf(now)} n`}`;
    return hashed(`${from} OFFSET 0`, names);
  });
  const surplusOf = (rows: string, sign: '' | '-'): string =>
    `SELECT ${names.join(', ')} FROM (
      SELECT r.*, ${sign}surplus AS surplus, row_number() OVER (PARTITION BY hash_0, hash_1) AS place
      FROM ${rows} r JOIN rows_surplus USING (hash_0, hash_1) WHERE ${sign}surplus > 0) s WHERE place <= surplus`;
  await casts.make(client);
  await client.query(`CREATE TEMPORARY TABLE rows_surplus AS
      SELECT hash_0, hash_1, sum(side) AS surplus FROM (
        SELECT hash_0, hash_1, -1 AS side FROM ${old} o UNION ALL SELECT hash_0, hash_1, 1 FROM ${now_words} n) r
      GROUP BY hash_0, hash_1 HAVING sum(side) <> 0;
    ANALYZE rows_surplus;
    CREATE TEMPORARY TABLE rows_gone AS ${surplusOf(old, '-')};
    CREATE TEMPORARY TABLE rows_new AS ${surplusOf(now_words, '')}`);
  const found = new Map<number, ColumnCounts>();
  for (const column of mostLikelyFirst(compared)) {
    if (!(await areBothLeft(client))) break;
    found.set(column.before.attnum, await pairUp(client, column, names));
  }
  const { rows } = await client.query<{ lost: string; added: string; after: string }>(
    `SELECT (SELECT count(*) FROM rows_gone)::text AS lost, (SELECT count(*) FROM rows_new)::text AS added,
      (SELECT count(*) FROM ${rowsOf(now)})::text AS after`,
  );
  await client.query('DROP TABLE rows_surplus, rows_gone, rows_new');
  const rows_lost = Number(rows[0]?.lost);
  const fates = [...found.values()];
  const rows_harmed = fates.reduce((sum, { changed, nulled }) => sum + changed + nulled, rows_lost);
  return {
    rows_after: Number(rows[0]?.after),
    rows_lost,
    rows_harmed,
    rows_differing: fates.reduce((sum, { gained }) => sum + gained, rows_harmed),
    rows_added: Number(rows[0]?.added),
    examples: [],
    columns: found,
  };
}

/** Rows with 128 bits of the words of some columns: narrow enough to be sorted by the million. */
function hashed(rows: string, names: readonly string[]): string {
  // The row is put into words once for both.
  return `(SELECT r.*, hashtextextended(whole, 0) AS hash_0, hashtextextended(whole, 1) AS hash_1
    FROM (${rows}) r, LATERAL (SELECT ROW(${names.join(', ')})::text COLLATE "C" AS whole OFFSET 0) w)`;
}

/** A column of another type now is where rows differ, if they do; each column costs a pass over what differs still. */
function mostLikelyFirst(columns: readonly BothColumns[]): readonly BothColumns[] {
  const isOther = ({ before, now }: BothColumns): number => (before.type === now.type ? 1 : 0);
  return columns.toSorted((left, right) => isOther(left) - isOther(right));
}

async function areBothLeft(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM (SELECT FROM rows_gone LIMIT 1) o, (SELECT FROM rows_new LIMIT 1) n`,
  );
  return rows.length > 0;
}

/** Takes the rows that differ in one column alone out of both tables, and counts what became of their values. */
async function pairUp(
  client: ClientBase,
  { before, now }: BothColumns,
  names: readonly string[],
): Promise<ColumnCounts> {
  const own = kept(before.attnum);
  const others = names.filter((name) => name !== own);
  const ranked = (table: string): string => `SELECT id, value, hash_0, hash_1,
    row_number() OVER (PARTITION BY hash_0, hash_1 ORDER BY value) AS place
    FROM ${hashed(`SELECT ctid AS id, ${own} AS value, ${[own, ...others].join(', ')} FROM ${table} OFFSET 0`, others)} r`;
  const cut = before.is_text && now.is_text ? `n.value <> '' AND starts_with(o.value, n.value)` : 'false';
  const { rows } = await client.query<Record<'changed' | 'truncated' | 'nulled' | 'gained', string>>(
    `WITH pairs AS MATERIALIZED (
        SELECT o.id AS old, n.id AS new, o.value IS NULL AS gained, n.value IS NULL AS nulled, ${cut} AS truncated
        FROM (${ranked('rows_gone')}) o JOIN (${ranked('rows_new')}) n USING (hash_0, hash_1, place)),
      gone AS (DELETE FROM rows_gone WHERE ctid IN (SELECT old FROM pairs)),
      new AS (DELETE FROM rows_new WHERE ctid IN (SELECT new FROM pairs))
    SELECT (count(*) FILTER (WHERE NOT gained AND NOT nulled))::text AS changed, (count(*) FILTER (WHERE truncated))::text AS truncated,
      (count(*) FILTER (WHERE nulled))::text AS nulled, (count(*) FILTER (WHERE gained))::text AS gained FROM pairs`,
  );
  return {
    changed: Number(rows[0]?.changed),
    truncated: Number(rows[0]?.truncated),
    nulled: Number(rows[0]?.nulled),
    gained: Number(rows[0]?.gained),
    examples: [],
  };
}
