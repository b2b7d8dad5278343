/** What rows a table gets, as expressions of the row's number alone: the same number gives the same row in every run. */
import { identifier } from '../../ask.ts';
import type { ColumnSchema, TableSchema } from './schema.ts';
import { uniformSql, type ValueFamily } from './draw.ts';

/** Which value of its family a column has in a row. */
export type Index =
  /** Another one in each row. */
  | { readonly kind: 'row' }
  /** Drawn, the first ones most often. */
  | { readonly kind: 'drawn'; readonly distinct: number; readonly skew: number; readonly salt: number }
  /** A digit of the row's number: all such columns of a key together are different in each row. */
  | { readonly kind: 'digit'; readonly distinct: number; readonly stride: number };

/** How a column is filled. */
export interface ColumnPlan {
  readonly column: ColumnSchema;
  readonly index: Index;
  readonly source: Source;
  /** Share of NULL. */
  readonly nulls: number;
  /** Columns with the same salt are NULL in the same rows. */
  readonly null_salt: number;
}

export type Source =
  | {
      readonly kind: 'value';
      /** The chosen one comes first. */
      readonly families: readonly [ValueFamily, ...ValueFamily[]];
      /** Added to the index. */
      readonly shift: number;
    }
  /** The index is a row of another table that is generated too. */
  | { readonly kind: 'reference'; readonly table: number; readonly column: string }
  /** The index is a place in a list of keys that are there already. */
  | { readonly kind: 'existing'; readonly keys: string };

export interface TablePlan {
  readonly table: TableSchema;
  /** Number of the first row that is made. */
  readonly first: number;
  readonly rows: number;
  readonly columns: readonly ColumnPlan[];
}

/** Plans by the tables' numbers. */
export type Plan = ReadonlyMap<number, TablePlan>;

function indexSql(index: Index, row: string, first: number): string {
  switch (index.kind) {
    case 'row':
      return row;
    case 'drawn': {
      if (index.distinct === 1) return '1::int8';
      const uniform = uniformSql(row, index.salt);
      const skewed = index.skew === 1 ? uniform : `power(${uniform}, ${index.skew})`;
      return `1 + floor(${index.distinct} * ${skewed})::int8`;
    }
    case 'digit': {
      const place = index.stride === 1 ? `(${row} - ${first})` : `((${row} - ${first}) / ${index.stride})`;
      return `1 + ${place} % ${index.distinct}`;
    }
  }
}

/** The value at an index of the column. */
function sourceSql(plan: Plan, source: Source, index: string): string {
  switch (source.kind) {
    case 'value':
      return source.families[0].sql(source.shift === 0 ? index : `(${index} + ${source.shift})`);
    case 'existing':
      return `(${source.keys})[${index}]`;
    case 'reference': {
      const target = plan.get(source.table);
      const column = target?.columns.find((one) => one.column.name === source.column);
      if (target === undefined || column === undefined) throw new Error(`${source.column} is not planned`);
      // Rows of a plan begin at its first.
      const row = target.first === 1 ? index : `(${index} + ${target.first - 1})`;
      const target_index =
        column.index.kind === 'row' ? row : `(${indexSql(column.index, row, target.first)})`;
      return sourceSql(plan, column.source, target_index);
    }
  }
}

/** A query of the rows from one number to another, their columns named as those of the table. */
export function rowsSql(plan: Plan, of: TablePlan, from: number, to: number): string {
  const inner = of.columns.map(({ index }, place) => `${indexSql(index, 'i', of.first)} AS x${place}`);
  const outer = of.columns.map(({ column, source, nulls, null_salt }, place) => {
    const value = sourceSql(plan, source, `x${place}`);
    const may_be_null =
      nulls === 0
        ? value
        : nulls === 1
          ? `NULL::${column.type}`
          : `CASE WHEN ${uniformSql('i', null_salt)} < ${nulls} THEN NULL ELSE ${value} END`;
    return `${may_be_null} AS ${identifier(column.name)}`;
  });
  // The offset keeps the server from writing an index out wherever it is used, and from computing it as often.
  return `SELECT ${outer.join(', ')} FROM (SELECT ${['i', ...inner].join(', ')} FROM generate_series(${from}::int8, ${to}) AS s(i) OFFSET 0) AS r`;
}

/** A statement that puts these rows into the table. */
export function insertSql(plan: Plan, of: TablePlan, table: string, from: number, to: number): string {
  if (of.columns.length === 0) {
    throw new Error(`${of.table.name} has no column that a row could have`);
  }
  const columns = of.columns.map(({ column }) => identifier(column.name)).join(', ');
  return `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE ${rowsSql(plan, of, from, to)}`;
}
