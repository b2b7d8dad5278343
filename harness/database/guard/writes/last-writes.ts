/** What the releases left of each row that they wrote. */
import type { Change, LoggedRow } from './decoded.ts';

/** A table of before the migration, under which its rows are told. */
export interface WrittenTable {
  /** `schema.table`; of a partition, that of the whole table. */
  readonly table: string;
  /**
   * Columns that tell its rows apart, of its primary key where it has one, with their types without length or precision; empty
   * where there are none: then a row is known by all of its values.
   */
  readonly key: readonly KeyColumn[];
}

export interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

/** A row by the last change that a release made to it. */
export interface LastWrite {
  /** Empty where nothing tells the rows of its table apart. */
  readonly key: readonly string[];
  /** As the release left it; undefined where it deleted the row. */
  readonly row: LoggedRow | undefined;
}

export interface LastWrites {
  /** Changes of rows of the tables that were asked for. */
  readonly changes: number;
  /** One for each row that was written, by table. */
  readonly tables: readonly (WrittenTable & { readonly rows: readonly LastWrite[] })[];
  /** Tables with changes of which it cannot be told what row they changed. */
  readonly without_key: ReadonlySet<string>;
}

/** Undefined where a part of the key is not in the log. */
function keyOf({ key }: WrittenTable, row: LoggedRow): readonly string[] | undefined {
  const values = key.map(({ name }) => row.get(name)?.value);
  const known = values.filter((value): value is string => typeof value === 'string');
  return key.length > 0 && known.length === key.length ? known : undefined;
}

/** What was not logged because it had not changed is as it was written before. */
function over(former: LoggedRow | undefined, row: LoggedRow): LoggedRow {
  const merged = new Map(row);
  for (const [name, column] of row) {
    const known = former?.get(name);
    if (column.value === undefined && known !== undefined) merged.set(name, known);
  }
  return merged;
}

/** The log leaves NULLs out of former rows. */
function wholeOf(row: LoggedRow): string {
  const given = [...row].filter(([, { value }]) => value !== null);
  return JSON.stringify(given.map(([name, { value }]) => [name, value]));
}

/** Of a table without a key. A row that is there twice counts once. @returns whether it cannot be told which row was changed */
function noteWhole(known: Map<string, LastWrite>, change: Exclude<Change, { kind: 'truncate' }>): boolean {
  const former = change.kind === 'insert' ? undefined : (change.former ?? new Map());
  // The log has it as a whole, or not at all.
  if (former?.size === 0) return true;
  if (former !== undefined) known.delete(wholeOf(former));
  if (change.kind !== 'delete') {
    const row = over(former, change.row);
    known.set(wholeOf(row), { key: [], row });
  }
  return false;
}

/**
 * Folds changes in the order in which they were committed.
 * @param tables by the name under which a change names them: a partition by its own
 */
export function lastWrites(changes: Iterable<Change>, tables: ReadonlyMap<string, WrittenTable>): LastWrites {
  const rows = new Map<string, { readonly table: WrittenTable; readonly known: Map<string, LastWrite> }>();
  const without_key = new Set<string>();
  let counted = 0;

  const note = (table: WrittenTable, change: Exclude<Change, { kind: 'truncate' }>): void => {
    const { known } = rows.get(table.table) ?? { known: new Map<string, LastWrite>() };
    rows.set(table.table, { table, known });
    if (table.key.length === 0) {
      if (noteWhole(known, change)) without_key.add(table.table);
      return;
    }
    const after = change.kind === 'delete' ? undefined : keyOf(table, change.row);
    // The key of before is in the log only where it changed.
    const former = change.kind === 'insert' ? undefined : change.former;
    const before = former === undefined ? after : keyOf(table, former);
    const key = after ?? before;
    if (key === undefined) {
      without_key.add(table.table);
      return;
    }
    const id = JSON.stringify(before ?? key);
    const written = known.get(id)?.row ?? former;
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(after)) {
      known.set(id, { key: before, row: undefined });
    }
    if (change.kind !== 'delete' && after !== undefined) {
      const row = change.kind === 'update' ? over(written, change.row) : change.row;
      known.set(JSON.stringify(after), { key: after, row });
    }
  };

  for (const change of changes) {
    if (change.kind === 'truncate') {
      for (const name of change.tables) {
        const table = tables.get(name);
        if (table === undefined) continue;
        counted += 1;
        // Whatever was written to it before is gone by the release's own will.
        rows.delete(table.table);
      }
      continue;
    }
    const table = tables.get(change.table);
    if (table === undefined) continue;
    counted += 1;
    note(table, change);
  }
  return {
    changes: counted,
    tables: [...rows.values()].map(({ table, known }) => ({ ...table, rows: [...known.values()] })),
    without_key,
  };
}
