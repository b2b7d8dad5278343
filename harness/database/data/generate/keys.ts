/** Plans the columns of a table so that its keys hold: unique ones, and references to other tables. */
import { createHash } from 'node:crypto';
import { identifier } from '../../ask.ts';
import type { ColumnShape, DataShape } from '../shape.ts';
import type { ColumnPlan, Index, Plan, Source, TablePlan } from './plan.ts';
import { RowsNotMade } from './rows-not-made.ts';
import { type ColumnSchema, tableName, type TableSchema, tableSql } from './schema.ts';
import { listedFamily, type ValueFamily } from './draw.ts';
import { familiesOf } from './values.ts';

const NULLS = 0.1;
const SKEW = 3;
/** Of so many rows one has a value that none before it had. */
const ROWS_PER_VALUE = 10;
const DISTINCT_MIN = 10;
/** Keys that are there already are drawn from so many. */
const EXISTING_MAX = 1000;
const SALT_BYTES = 4;

/** What is known of all tables before any is planned. */
export interface Ground {
  readonly tables: ReadonlyMap<number, TableSchema>;
  readonly rows: ReadonlyMap<number, number>;
  /** Number of the first row that is made, by table. */
  readonly first: ReadonlyMap<number, number>;
  /** Rows that are there already, of tables that get none. */
  readonly existing: ReadonlyMap<number, number>;
  /** Tables that must have as many rows as was said. */
  readonly exact: ReadonlySet<number>;
  readonly seed: number;
  readonly shape: DataShape | undefined;
}

/** Columns whose values hang together: those of one reference, or a single one. */
interface Group {
  readonly columns: readonly ColumnSchema[];
  readonly salt: number;
  /** Different values that it can have. */
  readonly capacity: number;
  readonly reference?: TableSchema['references'][number];
}

/**
 * Plans of all tables that get rows.
 * @throws UnfitError that names the table and the constraint or column that cannot be satisfied
 */
export function planKeys(ground: Ground): Plan {
  const plans = [...ground.tables.values()]
    .filter(({ oid }) => (ground.rows.get(oid) ?? 0) > 0)
    .map((table) => planTable(table, ground));
  return new Map(plans.map((plan) => [plan.table.oid, plan]));
}

function planTable(table: TableSchema, ground: Ground): TablePlan {
  const wanted = ground.rows.get(table.oid) ?? 0;
  const groups = groupsOf(table, ground, wanted);
  const { indexes, rows } = indexesOf(table, groups, wanted, ground.exact.has(table.oid));
  const referred = new Set(
    [...ground.tables.values()].flatMap(({ references }) =>
      references.filter(({ target }) => target === table.oid).flatMap(({ target_columns }) => target_columns),
    ),
  );
  const columns = groups.flatMap((group) => {
    const index = indexes.get(group) ?? drawn(group, rows, shapesOf(ground, table, group));
    return group.columns.map((column) => planColumn({ table, column, group, index, ground, referred }));
  });
  return { table, first: ground.first.get(table.oid) ?? 1, rows, columns };
}

function shapesOf(ground: Ground, table: TableSchema, group: Group): ColumnShape {
  const [column] = group.columns;
  return (column && ground.shape?.tables[tableName(table)]?.columns?.[column.name]) ?? {};
}

function saltOf(seed: number, ...names: readonly string[]): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...names]))
    .digest();
  return digest.readUIntBE(0, SALT_BYTES);
}

function groupsOf(table: TableSchema, ground: Ground, rows: number): readonly Group[] {
  const taken = new Set<string>();
  const groups: Group[] = [];
  for (const reference of table.references) {
    const columns = columnsNamed(table, reference.columns);
    if (columns.some(({ name, generated }) => taken.has(name) || generated)) continue;
    for (const { name } of columns) taken.add(name);
    const { target, name } = reference;
    const capacity =
      target === table.oid ? rows : (ground.rows.get(target) ?? 0) || (ground.existing.get(target) ?? 0);
    groups.push({ columns, capacity, reference, salt: saltOf(ground.seed, tableName(table), name) });
  }
  for (const column of table.columns) {
    if (taken.has(column.name) || column.generated) continue;
    const families = familiesFor(table, column, ground);
    // What cannot be made is left to its default.
    if (families === undefined) continue;
    const capacity = Math.max(...families.map(({ distinct }) => distinct));
    groups.push({ columns: [column], capacity, salt: saltOf(ground.seed, tableName(table), column.name) });
  }
  return groups;
}

function columnsNamed(table: TableSchema, names: readonly string[]): readonly ColumnSchema[] {
  return names.map((name) => {
    const found = table.columns.find((column) => column.name === name);
    if (found === undefined) throw new Error(`${tableName(table)} has no column ${name}`);
    return found;
  });
}

type Families = readonly [ValueFamily, ...ValueFamily[]];

/** Undefined for a column that has to keep its default, or NULL. */
function familiesFor(table: TableSchema, column: ColumnSchema, ground: Ground): Families | undefined {
  const shape = ground.shape?.tables[tableName(table)]?.columns?.[column.name];
  const salt = saltOf(ground.seed, tableName(table), column.name);
  if (shape?.values !== undefined) return [listedFamily(column, shape.values.map(String))];
  const [first, ...others] = familiesOf({ column, salt, longest: shape?.longest });
  if (first !== undefined) return [first, ...others];
  if (column.has_default || column.identity || !column.not_null) return undefined;
  throw new RowsNotMade(
    table,
    `no values of the type ${column.type} can be made for ${tableName(table)}.${column.name}, which must not be NULL`,
    { next: 'List some in the description of the data (values), or take a dump.' },
  );
}

/** Indexes of the groups that keys demand, and how many rows they allow. */
function indexesOf(
  table: TableSchema,
  groups: readonly Group[],
  wanted: number,
  exact: boolean,
): { readonly indexes: ReadonlyMap<Group, Index>; readonly rows: number } {
  const indexes = new Map<Group, Index>();
  let rows = wanted;
  for (const unique of table.uniques) {
    const members = groups.filter(({ columns }) => columns.some(({ name }) => unique.columns.includes(name)));
    if (members.length === 0 || members.some((group) => indexes.get(group)?.kind === 'row')) continue;
    const free = members.filter((group) => !indexes.has(group));
    const roomy = free.find(({ capacity, reference }) => reference === undefined && capacity >= rows);
    if (roomy !== undefined) {
      indexes.set(roomy, { kind: 'row' });
      continue;
    }
    const capacity = free.reduce((product, group) => product * group.capacity, 1);
    // What holds for some of the rows only may still hold; the index is built in any case.
    if (unique.is_partial && capacity < rows) continue;
    if (capacity < rows && exact) {
      throw new RowsNotMade(
        table,
        `${tableName(table)} cannot have ${rows} rows: its key ${unique.name} (${unique.columns.join(', ')}) allows ${capacity}`,
        { next: 'Ask for fewer rows, or for more in the tables that it refers to.' },
      );
    }
    rows = Math.min(rows, capacity);
    let stride = 1;
    for (const group of free.toSorted((left, right) => right.capacity - left.capacity)) {
      indexes.set(group, { kind: 'digit', distinct: Math.min(group.capacity, rows), stride });
      stride *= Math.min(group.capacity, rows);
    }
  }
  return { indexes, rows };
}

function drawn(group: Group, rows: number, shape: ColumnShape): Index {
  const usual = group.reference ? group.capacity : Math.max(DISTINCT_MIN, Math.ceil(rows / ROWS_PER_VALUE));
  return {
    kind: 'drawn',
    distinct: Math.max(1, Math.min(group.capacity, shape.distinct ?? usual)),
    skew: shape.skew ?? SKEW,
    salt: group.salt,
  };
}

interface Place {
  readonly table: TableSchema;
  readonly column: ColumnSchema;
  readonly group: Group;
  readonly index: Index;
  readonly ground: Ground;
  readonly referred: ReadonlySet<string>;
}

function planColumn({ table, column, group, index, ground, referred }: Place): ColumnPlan {
  const shape = ground.shape?.tables[tableName(table)]?.columns?.[column.name];
  const unique = table.uniques.some(
    ({ columns, is_primary, nulls_distinct }) =>
      columns.includes(column.name) && (is_primary || !nulls_distinct || index.kind === 'digit'),
  );
  const must_be = column.not_null || unique || referred.has(column.name);
  const nothing_there = group.reference !== undefined && group.capacity === 0;
  if (nothing_there && must_be) {
    throw new RowsNotMade(
      table,
      `${tableName(table)} refers to a table without rows (${group.reference?.name ?? ''}), and must not be NULL there`,
      { next: 'Ask for rows in that table too.' },
    );
  }
  const nulls = nothing_there ? 1 : must_be ? 0 : (shape?.nulls ?? NULLS);
  return {
    column,
    index,
    nulls,
    null_salt: group.salt + 2,
    source: sourceFor(table, column, group, index, ground),
  };
}

function sourceFor(
  table: TableSchema,
  column: ColumnSchema,
  group: Group,
  index: Index,
  ground: Ground,
): Source {
  const { reference } = group;
  if (reference === undefined) {
    const families = familiesFor(table, column, ground);
    if (families === undefined) throw new Error(`${column.name} cannot be made`);
    return { kind: 'value', families: index.kind === 'row' ? plainFirst(families) : families, shift: 0 };
  }
  const target_column = reference.target_columns[reference.columns.indexOf(column.name)] ?? '';
  if ((ground.rows.get(reference.target) ?? 0) > 0) {
    return { kind: 'reference', table: reference.target, column: target_column };
  }
  const target = ground.tables.get(reference.target);
  if (target === undefined) throw new Error(`${reference.name} refers to a table that is not known`);
  const order = reference.target_columns.map(identifier).join(', ');
  return {
    kind: 'existing',
    keys: `ARRAY(SELECT ${identifier(target_column)} FROM ${tableSql(target)} ORDER BY ${order} LIMIT ${EXISTING_MAX})`,
  };
}

/** Keys count without leaps. */
function plainFirst(families: Families): Families {
  const plain = families.find(({ name }) => name === 'plain');
  return plain === undefined ? families : [plain, ...families.filter((one) => one !== plain)];
}
