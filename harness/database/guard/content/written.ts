/** Rows that somebody wrote between two looks at a database, so that they can be told from what a migration did. */
import type { ClientBase } from 'pg';
import type { CatalogueTable } from './catalogue.ts';
import type { RowCounts } from './keyed.ts';

/** What was written to one table: by the words of its key; without a key, as mere numbers. */
export interface WrittenTable {
  readonly table: CatalogueTable;
  /** Guard's table with the keys. */
  readonly keys: string | undefined;
  readonly counts: RowCounts;
}

export interface WrittenRows {
  readonly tables: readonly WrittenTable[];
  /** Rows added or changed. */
  readonly rows: number;
}

/** Which rows are compared: those that were written, or all others. */
export interface RowFilter {
  readonly written: WrittenRows;
  readonly side: 'written' | 'others';
  /** A column or table that was dropped and made again has lost what it held, and is not asked for it. */
  readonly forgives_new?: boolean;
}

/** What was written to a table, by whichever of its names and ids it is still known. */
export function writtenTo(
  written: WrittenRows,
  { oid, schema, name }: CatalogueTable,
): WrittenTable | undefined {
  return (
    written.tables.find(({ table }) => table.oid === oid) ??
    written.tables.find(({ table }) => table.schema === schema && table.name === name)
  );
}

/** As a condition on the key of a row. */
export function keyCondition({ keys }: WrittenTable, side: RowFilter['side']): string | undefined {
  return keys === undefined
    ? undefined
    : `key ${side === 'written' ? '' : 'NOT '}IN (SELECT w.key FROM ${keys} w)`;
}

export async function keepKeys(client: ClientBase, differences: string, keys: string): Promise<void> {
  await client.query(`CREATE UNLOGGED TABLE ${keys} AS SELECT key FROM ${differences}; ANALYZE ${keys}`);
}

const less = (from: number, by: number): number => Math.max(0, from - by);

/** Without a key: as many rows less as were written. */
export function withoutWritten(found: RowCounts, { counts }: WrittenTable): RowCounts {
  const rows_lost = less(found.rows_lost, counts.rows_lost);
  const rows_added = less(found.rows_added, counts.rows_added);
  return {
    ...found,
    rows_lost,
    rows_added,
    rows_after: found.rows_after - (found.rows_added - rows_added) + (found.rows_lost - rows_lost),
    rows_harmed: less(found.rows_harmed, counts.rows_harmed),
    columns: new Map(
      [...found.columns].map(([attnum, column]) => {
        const by = counts.columns.get(attnum);
        if (by === undefined) return [attnum, column];
        return [
          attnum,
          {
            ...column,
            changed: less(column.changed, by.changed),
            truncated: less(column.truncated, by.truncated),
            nulled: less(column.nulled, by.nulled),
            gained: less(column.gained, by.gained),
          },
        ];
      }),
    ),
  };
}

/** Without a key: of the rows that are missing, at most as many as were written can be written ones. */
export function onlyWritten(found: RowCounts, { counts }: WrittenTable): RowCounts {
  const wrote = counts.rows_added + counts.rows_harmed - counts.rows_lost;
  const rows_lost = Math.min(found.rows_lost, wrote);
  return {
    ...found,
    rows_lost,
    rows_added: 0,
    rows_harmed: Math.min(found.rows_harmed, wrote),
    columns: new Map(),
  };
}
