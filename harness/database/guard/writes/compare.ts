/** Holds what the releases wrote against what is there once all is over. */
import type { ClientBase } from 'pg';
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import type { WrittenFacts, WrittenTableFacts } from '#harness/core/guard/load-facts.ts';
import type { LoggedColumn, LoggedRow } from './decoded.ts';
import type { LastWrite, LastWrites, WrittenTable } from './last-writes.ts';
import { areThere, type Column, lookUp, type Table, tableNamed } from './look-up.ts';

const EXAMPLES_MAX = 5;

/** Types whose values are written alike, so that a change from one to the other changes none. */
const ALIKE: Readonly<Record<string, string>> = {
  smallint: 'whole number',
  integer: 'whole number',
  bigint: 'whole number',
  'character varying': 'words',
  text: 'words',
};

function isAlike(before: string, now: string): boolean {
  return (ALIKE[before] ?? before) === (ALIKE[now] ?? now);
}

/** A column by its names before and now. */
interface Pair {
  readonly before: string;
  readonly now: Column;
}

function isHarmed({ changed, nulled, lost }: ColumnFate): boolean {
  return changed + nulled + lost > 0;
}

/** Where the values of a column are to be found; undefined where it is gone or another one. */
function columnNow(name: string, type: string, fate: TableFate | undefined, now: Table): Column | undefined {
  const known = fate?.columns.find(({ column }) => column === name)?.now ?? name;
  return now.columns.find((one) => one.name === known && isAlike(type, one.type));
}

/** A value that was there and is another one; one that is given where there was none is no harm. */
function differs(written: LoggedColumn | undefined, now: string | null): boolean {
  return typeof written?.value === 'string' && written.value !== now;
}

/** Whether a row was written to the table as it is now, and to no earlier one. */
function isLater(row: LoggedRow, { columns }: TableFate): boolean {
  return [...row.keys()].some((name) => !columns.some((one) => one.column === name));
}

/** Whether it may have been written to it as it is now: it has all of its columns. */
function maybeLater(row: LoggedRow, now: Table): boolean {
  return now.columns.every(({ name }) => row.has(name));
}

/**
 * Columns whose values must be there as a row was given them: what the migration does to those that existed is told by others.
 * A name may have meant one column before and another one since.
 */
function comparable(row: LoggedRow, fate: TableFate | undefined, now: Table): readonly Pair[] {
  const known = fate === undefined || fate.columns.length === 0 || isLater(row, fate) ? undefined : fate;
  const told = new Set(fate?.columns.filter(isHarmed).map((one) => one.now));
  return [...row].flatMap(([before, { type }]) => {
    const found = columnNow(before, type, known, now);
    if (found === undefined || told.has(found.name)) return [];
    return known !== undefined && found.name !== before && maybeLater(row, now)
      ? []
      : [{ before, now: found }];
  });
}

/** Names and types of the columns that a row was written with. */
function writtenAs({ row }: LastWrite): string {
  return JSON.stringify([...(row ?? [])].map(([name, { type }]) => [name, type]));
}

/** Rows that have the same columns of the same types, each with how these are called now. */
function alike(
  writes: readonly LastWrite[],
  fate: TableFate | undefined,
  now: Table,
): readonly { readonly rows: readonly LastWrite[]; readonly pairs: readonly Pair[] }[] {
  return [...Map.groupBy(writes, writtenAs).values()].map((rows) => ({
    rows,
    pairs: comparable(rows[0]?.row ?? new Map(), fate, now),
  }));
}

interface Fates {
  readonly missing: readonly LastWrite[];
  readonly changed: readonly LastWrite[];
  readonly returned: readonly LastWrite[];
  readonly columns: readonly string[];
}

async function fatesOf(
  client: ClientBase,
  writes: readonly LastWrite[],
  {
    now,
    key,
    pairs,
  }: { readonly now: Table; readonly key: readonly Column[]; readonly pairs: readonly Pair[] },
): Promise<Fates> {
  const [missing, changed, returned]: [LastWrite[], LastWrite[], LastWrite[]] = [[], [], []];
  const columns = new Set<string>();
  const keys = writes.map((write) => write.key);
  const there = await lookUp(client, { table: now, key, columns: pairs.map((pair) => pair.now) }, keys);
  for (const [place, write] of writes.entries()) {
    const values = there[place];
    const { row } = write;
    if (row === undefined) {
      if (values !== undefined) returned.push(write);
    } else if (values === undefined) {
      missing.push(write);
    } else {
      const other = pairs.filter(({ before }, column) => differs(row.get(before), values[column] ?? null));
      if (other.length > 0) changed.push(write);
      for (const { before } of other) columns.add(before);
    }
  }
  return { missing, changed, returned, columns: [...columns] };
}

/** Of rows that nothing tells apart: whether one like it is there, by all values that it was given. */
async function wholeFates(
  client: ClientBase,
  writes: readonly LastWrite[],
  { now, pairs }: { readonly now: Table; readonly pairs: readonly Pair[] },
): Promise<Fates> {
  // What had no value may have been given one.
  const given = ({ row }: LastWrite): readonly Pair[] =>
    pairs.filter(({ before }) => typeof row?.get(before)?.value === 'string');
  const same_columns = Map.groupBy(writes, (write) =>
    JSON.stringify(given(write).map(({ before }) => before)),
  );
  const missing: LastWrite[] = [];
  for (const group of same_columns.values()) {
    const [first] = group;
    const columns = first === undefined ? [] : given(first);
    if (columns.length === 0) continue;
    const values = group.map(({ row }) => columns.map(({ before }) => row?.get(before)?.value ?? ''));
    const there = await areThere(client, { table: now, columns: columns.map((one) => one.now) }, values);
    missing.push(...group.filter((_, place) => !there.has(place)));
  }
  return { missing, changed: [], returned: [], columns: [] };
}

type Compared = WrittenTableFacts | { readonly why: string };

/** Undefined where what became of its rows is told of the migration alone. */
async function compareTable(
  client: ClientBase,
  { table, key, rows }: WrittenTable & { readonly rows: readonly LastWrite[] },
  content: ContentFacts | undefined,
): Promise<Compared | undefined> {
  const fate = content?.tables.find((one) => one.table === table);
  if (fate !== undefined && (fate.rows_lost > 0 || (fate.moved_to ?? table) !== table)) return undefined;
  // Whoever asks for a table asks by its name, whatever it was called before.
  const named = await tableNamed(client, table);
  const now = named ?? (fate?.now === undefined ? undefined : await tableNamed(client, fate.now));
  if (now === undefined) return fate === undefined ? { why: 'it is gone' } : undefined;
  const own = named === undefined || fate?.now === table ? fate : undefined;
  const key_now = key.flatMap(({ name, type }) => columnNow(name, type, own, now) ?? []);
  if (key_now.length !== key.length) return { why: 'what its rows are known by is gone, or of another type' };
  if (own?.columns.some((one) => isHarmed(one) && key.some(({ name }) => name === one.column)))
    return undefined;
  const groups = alike(rows, own, now);
  if (key.length === 0 && groups.some(({ pairs }) => pairs.length === 0)) {
    return { why: 'no column is left that its rows could be known by' };
  }
  const fates = await Promise.all(
    groups.map((group) =>
      key.length === 0
        ? wholeFates(client, group.rows, { now, pairs: group.pairs })
        : fatesOf(client, group.rows, { now, key: key_now, pairs: group.pairs }),
    ),
  );
  const missing = fates.flatMap((one) => one.missing);
  const changed = fates.flatMap((one) => one.changed);
  const returned = fates.flatMap((one) => one.returned);
  return {
    table,
    rows: rows.length,
    missing: missing.length,
    changed: changed.length,
    returned: returned.length,
    columns: [...new Set(fates.flatMap((one) => one.columns))],
    // Keys, never contents.
    examples: (key.length === 0 ? [] : [...missing, ...changed, ...returned])
      .slice(0, EXAMPLES_MAX)
      .map((write) => key.map(({ name }, place) => `${name}=${write.key[place] ?? ''}`).join(', ')),
  };
}

/**
 * @param content what the migration does to rows and values where it runs alone
 * @throws UnfitError when the database does not tell what is there
 */
export async function compareWrites(
  client: ClientBase,
  { changes, tables: written, without_key }: LastWrites,
  content: ContentFacts | undefined,
): Promise<WrittenFacts> {
  const tables: WrittenTableFacts[] = [];
  const not_compared = [...without_key].map((table) => ({ table, why: 'its rows cannot be told apart' }));
  for (const one of written) {
    if (without_key.has(one.table)) continue;
    const found = await compareTable(client, one, content);
    if (found === undefined) continue;
    if ('why' in found) not_compared.push({ table: one.table, why: found.why });
    else tables.push(found);
  }
  return { changes, tables, not_compared };
}
