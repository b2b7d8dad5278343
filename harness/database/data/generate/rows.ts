/** How many rows each table gets. */
import { UsageError } from '#harness/core/errors.ts';
import type { DataShape } from '../shape.ts';
import { tableName, type TableSchema } from './schema.ts';

/** A table that others refer to has so many times fewer rows than was asked for. */
const PER_PARENT = 10;
/** Tables that nobody asked for still have something in them. */
const BY_THE_WAY = 1000;

export interface RowsWanted {
  readonly rows: number;
  readonly tables?: readonly string[];
  readonly shape?: DataShape;
}

/**
 * Rows by the tables' numbers. Tables with rows keep them as they are unless they were named.
 * @throws UsageError for a table that is not there
 */
export function rowsOf(tables: readonly TableSchema[], wanted: RowsWanted): ReadonlyMap<number, number> {
  const described = wanted.shape?.tables ?? {};
  const known = new Set(tables.map(tableName));
  for (const name of [...(wanted.tables ?? []), ...Object.keys(described)]) {
    if (known.has(name)) continue;
    throw new UsageError(`rows are wanted for ${name}, which is not in the schema`, {
      next: `It has ${[...known].slice(0, 20).join(', ') || 'no table'}.`,
    });
  }
  const parents = new Set(
    tables.flatMap(({ oid, references }) =>
      references.map(({ target }) => target).filter((one) => one !== oid),
    ),
  );
  const named = new Set(wanted.tables ?? []);
  const chosen = tables.filter((table) =>
    named.size === 0 ? !parents.has(table.oid) && !table.has_rows : named.has(tableName(table)),
  );
  const above = ancestorsOf(tables, chosen);
  return new Map(
    tables.map((table) => [
      table.oid,
      rowsOfOne(table, { ...wanted, chosen: new Set(chosen), above, described }),
    ]),
  );
}

interface Choice extends RowsWanted {
  readonly chosen: ReadonlySet<TableSchema>;
  readonly above: ReadonlySet<number>;
  readonly described: DataShape['tables'];
}

function rowsOfOne(table: TableSchema, { rows, chosen, above, described }: Choice): number {
  const told = described[tableName(table)]?.rows;
  if (told !== undefined) return told;
  if (chosen.has(table)) return rows;
  if (table.has_rows) return 0;
  const few = Math.min(rows, BY_THE_WAY);
  return above.has(table.oid) ? Math.max(few, Math.ceil(rows / PER_PARENT)) : few;
}

function ancestorsOf(tables: readonly TableSchema[], of: readonly TableSchema[]): ReadonlySet<number> {
  const by_oid = new Map(tables.map((table) => [table.oid, table]));
  const found = new Set<number>();
  const todo = [...of];
  for (let table = todo.pop(); table !== undefined; table = todo.pop()) {
    for (const { target } of table.references) {
      const parent = by_oid.get(target);
      if (parent === undefined || found.has(target)) continue;
      found.add(target);
      todo.push(parent);
    }
  }
  return found;
}
