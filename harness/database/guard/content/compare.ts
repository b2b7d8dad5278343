/** Holds kept rows against those of now, table by table. */
import type { ClientBase } from 'pg';
import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import { inParts } from '../../in-parts.ts';
import {
  type CatalogueTable,
  catalogueOf,
  GUARD_SCHEMA,
  keepsWords,
  rowsOf,
  tableName,
} from './catalogue.ts';
import { SessionCasts } from './casts.ts';
import { type Heirs, heirsOf, movedRows, NO_HEIRS } from './heirs.ts';
import { compareByKey, type Key, keyOf, type RowCounts } from './keyed.ts';
import { compareAsMultiset } from './keyless.ts';
import type { KeptRows, KeptTable } from './snapshot.ts';
import { type TracedColumn, type TracedTable, traceTables } from './trace.ts';
import {
  keepKeys,
  keyCondition,
  onlyWritten,
  type RowFilter,
  withoutWritten,
  type WrittenRows,
  type WrittenTable,
  writtenTo,
} from './written.ts';

const DIFFERENCES = 'differences';

export interface Compared {
  readonly facts: ContentFacts;
  /** Rows of before that are gone, or whose values are not all there still. */
  readonly rows_harmed: number;
}

interface Traced {
  readonly table: KeptTable;
  readonly trace: TracedTable;
}

interface Scene {
  readonly client: ClientBase;
  readonly casts: SessionCasts;
  readonly before: KeptRows;
  readonly after: readonly CatalogueTable[];
  readonly filter: RowFilter | undefined;
  readonly traces: readonly Traced[];
  /** By oid of before. */
  readonly untouched: ReadonlySet<number>;
}

interface Counted {
  readonly counts: RowCounts;
  readonly key: Key | undefined;
}

async function begin(client: ClientBase, before: KeptRows, filter: RowFilter | undefined): Promise<Scene> {
  const casts = await SessionCasts.begin(client);
  await client.query("SET session_replication_role = replica; SET work_mem = '64MB'");
  const after = await catalogueOf(client);
  const traces = traced(before, after);
  return {
    client,
    casts,
    before,
    after,
    filter,
    traces,
    untouched: await untouchedTables(client, before, traces),
  };
}

function traced(before: KeptRows, after: readonly CatalogueTable[]): readonly Traced[] {
  const traces = traceTables(
    before.tables.map(({ table }) => table),
    after,
  );
  return before.tables.flatMap((table, place) => {
    const trace = traces[place];
    return trace === undefined ? [] : [{ table, trace }];
  });
}

export async function compareRows(
  client: ClientBase,
  before: KeptRows,
  filter: RowFilter | undefined,
): Promise<Compared> {
  const scene = await begin(client, before, filter);
  const tables: TableFate[] = [];
  let rows_harmed = 0;
  for (const { table, trace } of scene.traces) {
    const { fate, harmed } = await fateOfTable(scene, table, trace);
    tables.push(fate);
    rows_harmed += harmed;
  }
  return { facts: { tables }, rows_harmed };
}

/** Keeps which rows differ from the kept ones: whoever wrote since wrote them. */
export async function writtenSince(
  client: ClientBase,
  before: KeptRows,
  label: string,
): Promise<WrittenRows> {
  const scene = await begin(client, before, undefined);
  const tables: WrittenTable[] = [];
  for (const { table, trace } of scene.traces) {
    const { now, columns } = trace;
    if (now === undefined || scene.untouched.has(table.table.oid)) continue;
    const keys = `${GUARD_SCHEMA}.${label}_${table.table.oid}`;
    const { counts, key } = await countsOf(scene, table, now, columns, async () => {
      await keepKeys(client, DIFFERENCES, keys);
    });
    tables.push({ table: table.table, keys: key === undefined ? undefined : keys, counts });
  }
  const rows = tables.reduce(
    (sum, { counts }) => sum + counts.rows_added + counts.rows_differing - counts.rows_lost,
    0,
  );
  return { tables, rows };
}

/** A table that is gone took all of its rows with it; of the written ones those that were written to it. */
function goneWith(table: KeptTable, filter: RowFilter | undefined): RowCounts {
  const counts = filter === undefined ? undefined : writtenTo(filter.written, table.table)?.counts;
  const wrote = counts === undefined ? 0 : counts.rows_added + counts.rows_differing - counts.rows_lost;
  const rows = filter === undefined || filter.side === 'others' ? table.rows : wrote;
  return { ...untouched(0), rows_lost: rows, rows_harmed: rows, rows_differing: rows };
}

/** What somebody wrote to a table that only the migration brought goes with it. */
function isForgiven(
  { table }: KeptTable,
  now: CatalogueTable | undefined,
  filter: RowFilter | undefined,
): boolean {
  if (filter?.side !== 'written') return false;
  return now === undefined || (filter.forgives_new === true && now.oid !== table.oid);
}

const untouched = (rows: number): RowCounts => ({
  rows_after: rows,
  rows_lost: 0,
  rows_added: 0,
  rows_harmed: 0,
  rows_differing: 0,
  examples: [],
  columns: new Map(),
});

async function fateOfTable(
  scene: Scene,
  table: KeptTable,
  { now, columns }: TracedTable,
): Promise<{ readonly fate: TableFate; readonly harmed: number }> {
  const { filter } = scene;
  const { counts, key } =
    now === undefined
      ? { counts: goneWith(table, filter), key: undefined }
      : scene.untouched.has(table.table.oid)
        ? { counts: untouched(table.rows), key: await keyOf(scene.client, table, now, columns) }
        : await countsOf(scene, table, now, columns);
  // Of rows that somebody wrote meanwhile only the fate in their own table is told.
  const heirs =
    filter === undefined ? await heirsOf({ ...scene, kept: table, now, columns, key, counts }) : NO_HEIRS;
  const moved =
    filter === undefined && counts.rows_lost > 0
      ? await movedRows({ ...scene, kept: table, now, columns, key, counts })
      : undefined;
  const rows_lost = counts.rows_lost - (moved?.rows ?? 0);
  return {
    harmed: isForgiven(table, now, filter) ? 0 : counts.rows_harmed - (moved?.rows ?? 0),
    fate: {
      table: tableName(table.table),
      ...(now === undefined ? {} : { now: tableName(now) }),
      rows_before: table.rows,
      rows_after: counts.rows_after,
      rows_lost,
      rows_added: counts.rows_added,
      ...(moved !== undefined && rows_lost === 0 ? { moved_to: moved.to } : {}),
      examples: rows_lost === 0 ? [] : counts.examples,
      columns: columns.map((column) => fateOfColumn(column, table, counts, { heirs, moved })),
    },
  };
}

function fateOfColumn(
  { before, now }: TracedColumn,
  table: KeptTable,
  counts: RowCounts,
  {
    heirs,
    moved,
  }: { readonly heirs: Heirs; readonly moved: { readonly rows: number; readonly to: string } | undefined },
): ColumnFate {
  const filled = table.filled.get(before.attnum) ?? 0;
  const found = counts.columns.get(before.attnum);
  const heir = heirs.get(before.attnum);
  // With a table that is gone its values went where its rows did.
  const whole = now === undefined && heir === undefined && moved !== undefined && moved.rows === table.rows;
  const held = heir?.held ?? (whole ? filled : 0);
  const moved_to = whole ? `${moved.to}.${before.name}` : heir?.column;
  return {
    column: before.name,
    ...(now === undefined ? {} : { now: now.name, type_after: now.type }),
    type_before: before.type,
    filled,
    changed: found?.changed ?? 0,
    truncated: found?.truncated ?? 0,
    nulled: found?.nulled ?? 0,
    gained: found?.gained ?? 0,
    lost: now === undefined ? filled - held : 0,
    ...(now === undefined && moved_to !== undefined && held === filled && filled > 0 ? { moved_to } : {}),
    examples: found?.examples ?? [],
  };
}

async function countsOf(
  { client, casts, filter }: Scene,
  table: KeptTable,
  now: CatalogueTable,
  columns: readonly TracedColumn[],
  look: () => Promise<void> = async () => undefined,
): Promise<Counted> {
  const key = await keyOf(client, table, now, columns);
  const written =
    filter === undefined
      ? undefined
      : (writtenTo(filter.written, table.table) ?? writtenTo(filter.written, now));
  if (key === undefined) {
    const counts = await compareAsMultiset(client, casts, { kept: table, now, columns });
    if (filter === undefined) return { counts, key };
    if (written === undefined)
      return { counts: filter.side === 'others' ? counts : untouched(counts.rows_after), key };
    return {
      counts: filter.side === 'others' ? withoutWritten(counts, written) : onlyWritten(counts, written),
      key,
    };
  }
  const none = filter?.side === 'written' ? 'false' : undefined;
  const only = filter === undefined || written === undefined ? none : keyCondition(written, filter.side);
  const counts = await compareByKey(client, casts, {
    kept: table,
    now,
    key,
    columns,
    differences: DIFFERENCES,
    ...(only === undefined ? {} : { only }),
    ...(filter?.forgives_new === true ? { harmless: newColumns(columns) } : {}),
  });
  await look();
  await client.query(`DROP TABLE ${DIFFERENCES}`);
  return { counts, key };
}

/** Columns that were dropped and added again under their name. */
function newColumns(columns: readonly TracedColumn[]): ReadonlySet<number> {
  return new Set(
    columns.flatMap(({ before, now }) =>
      now !== undefined && now.attnum !== before.attnum ? [before.attnum] : [],
    ),
  );
}

/**
 * Tables (by oid of before) of which not one row was written, deleted or rewritten since: the rows lie in the same files, as
 * many as before, and each was written by a transaction before the copy's. Then their values need not be looked at, unless their
 * type gives them other words, or they are computed when they are read.
 */
async function untouchedTables(
  client: ClientBase,
  { xid }: KeptRows,
  traces: readonly Traced[],
): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  await inParts(traces.filter(mayBeUntouched), async (part) => {
    const each = part.map(
      ({ table, trace: { now } }) =>
        `SELECT ${table.table.oid} AS oid, count(*)::text AS rows,
          (count(*) FILTER (WHERE age(n.xmin) < age('${xid}'::xid)))::text AS younger FROM ${rowsOf(now ?? table.table)} n`,
    );
    const { rows } = await client.query<{ oid: number; rows: string; younger: string }>(
      each.join('\nUNION ALL\n'),
    );
    for (const { oid, rows: count, younger } of rows) {
      const before = part.find(({ table }) => table.table.oid === oid)?.table.rows;
      if (Number(count) === before && younger === '0') found.add(oid);
    }
  });
  return found;
}

function mayBeUntouched({ table: { table }, trace: { now, columns } }: Traced): boolean {
  // A column that was dropped and added again has other values in the same rows.
  if (now === undefined || newColumns(columns).size > 0) return false;
  if (now.oid !== table.oid || now.files.join() !== table.files.join()) return false;
  return columns.every((column) => keepsWords(column.before, column.now) || column.now === undefined);
}
