/** How many rows each table gets. */
import { UsageError } from '#harness/core/errors.ts';
import type { DataShape } from '../shape.ts';
import { type TableSchema, tableName } from './schema.ts';

/** A table that others refer to has so many times fewer rows than was asked for. */
const PER_PARENT = 10;
/** Tables that nobody asked for still have something in them. */
const BY_THE_WAY = 1000;

export interface RowsWanted {
  readonly rows: number;
  readonly tables?: readonly string[];
  readonly untouched?: readonly string[];
  readonly shape?: DataShape;
}

/**
 * Rows by the tables' numbers. Tables with rows keep them as they are unless they were named; one that cannot hold more than one
 * row gets one.
 * @throws UsageError for a table or column that is not there
 */
export function rowsOf(tables: readonly TableSchema[], wanted: RowsWanted): ReadonlyMap<number, number> {
  const described = wanted.shape?.tables ?? {};
  refuseUnknown(tables, wanted);
  const parents = new Set(
    tables.flatMap(({ oid, references }) =>
      references.map(({ target }) => target).filter((one) => one !== oid),
    ),
  );
  const named = new Set(wanted.tables ?? []);
  const rows = new Map<number, number>();
  const fixed = new Set<number>();
  const untouched = new Set(wanted.untouched ?? []);
  for (const table of tables) {
    if (untouched.has(tableName(table))) {
      rows.set(table.oid, 0);
      fixed.add(table.oid);
      continue;
    }
    const told = described[tableName(table)]?.rows;
    const chosen =
      named.size === 0 ? !parents.has(table.oid) && !table.has_rows : named.has(tableName(table));
    const is_single = holdsOneRow(table);
    if (told !== undefined || chosen || table.has_rows || is_single) fixed.add(table.oid);
    const usual = chosen ? wanted.rows : table.has_rows ? 0 : Math.min(wanted.rows, BY_THE_WAY);
    rows.set(table.oid, told ?? (is_single ? Math.min(usual, table.has_rows ? 0 : 1) : usual));
  }
  growParents(tables, rows, fixed);
  return rows;
}

/** A unique index over no column, as `((true))`, lets one row in: settings, totals. */
function holdsOneRow({ uniques }: TableSchema): boolean {
  return uniques.some(({ columns, is_partial }) => columns.length === 0 && !is_partial);
}

function refuseUnknown(tables: readonly TableSchema[], { tables: named = [], shape }: RowsWanted): void {
  const by_name = new Map(tables.map((table) => [tableName(table), table]));
  const described = shape === undefined || shape.of_another === true ? {} : shape.tables;
  for (const name of [...named, ...Object.keys(described)]) {
    const table = by_name.get(name);
    if (table === undefined) {
      throw new UsageError(`rows are wanted for ${name}, which is not in the schema`, {
        next: `It has ${[...by_name.keys()].slice(0, 20).join(', ') || 'no table'}.`,
      });
    }
    for (const column of Object.keys(described[name]?.columns ?? {})) {
      if (table.columns.some((one) => one.name === column)) continue;
      throw new UsageError(
        `the description of the data names ${name}.${column}, which is not in the schema`,
        {
          next: `The table has ${table.columns.map((one) => one.name).join(', ')}.`,
        },
      );
    }
  }
}

/** Gives tables that others refer to as many rows as those need. */
function growParents(
  tables: readonly TableSchema[],
  rows: Map<number, number>,
  fixed: ReadonlySet<number>,
): void {
  // Each pass reaches one step further up; circles end because nothing is smaller than a row.
  for (let passes = 0; passes < tables.length; passes += 1) {
    let grew = false;
    for (const table of tables) {
      for (const { target, columns } of table.references) {
        const now = rows.get(target);
        if (now === undefined || fixed.has(target) || target === table.oid) continue;
        const own = rows.get(table.oid) ?? 0;
        const needed = isKey(table, columns) ? own : Math.ceil(own / PER_PARENT);
        if (needed <= now) continue;
        rows.set(target, needed);
        grew = true;
      }
    }
    if (!grew) return;
  }
}

/** Each row needs one of its own to refer to. */
function isKey({ uniques }: TableSchema, columns: readonly string[]): boolean {
  return uniques.some((unique) => !unique.is_partial && unique.columns.every((one) => columns.includes(one)));
}
