/** Statements that any application with a table could send, in the words in which a person would write them down. */
import { identifier, literal } from '../ask.ts';
import { type DerivedColumn, type DerivedTable, quoted } from './derive-tables.ts';

/** A statement as it stands in a file, with the comments before it. */
export interface DerivedStatement {
  readonly name: string;
  readonly text: string;
}

/** Reading is what most do most of the time. */
const WEIGHTS = { find: 5, list: 1, change: 2, add: 2 } as const;
/** Rows of one page of a list. */
const PAGE = 20;
const LETTERS = 12;
const WHOLE: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint']);
const WORD = /^[a-z_]\w*$/i;

function wordOf(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '_').replace(/^(?![a-z_])/i, '_');
}

/** A value that fits the type, of a table that has no rows to take it from; undefined for types that are not known. */
function drawByType({ category, type, length, labels }: DerivedColumn): string | undefined {
  if (WHOLE.has(type)) return 'int 1..1000';
  if (type === 'uuid' || type === 'boolean') return type === 'uuid' ? 'uuid' : 'bool';
  if (labels.length > 0) return `one of ${labels.map(literal).join(', ')}`;
  if (type === 'json' || type === 'jsonb') return `one of '{}'`;
  if (category === 'N') return 'decimal 0.01..9.99';
  if (category === 'S') return `text 1..${Math.min(LETTERS, length ?? LETTERS)}`;
  return category === 'D' ? `one of '2026-01-01', '2026-06-30'` : undefined;
}

/** A value that no row has yet; undefined for types of which none can be made up. */
function drawNew(table: DerivedTable, column: DerivedColumn): string | undefined {
  if (WHOLE.has(column.type)) return `sequence ${quoted(table)}.${identifier(column.name)}`;
  if (column.type === 'uuid') return 'uuid';
  return column.category === 'S' && (column.length ?? LETTERS) >= LETTERS ? `text ${LETTERS}` : undefined;
}

function drawOf(table: DerivedTable, column: DerivedColumn): string | undefined {
  if (column.is_unique) return drawNew(table, column);
  return table.has_rows ? `sample ${quoted(table)}.${identifier(column.name)}` : drawByType(column);
}

/** Parameters are called as their columns are, where those are plain words. */
function parameterOf({ name }: DerivedColumn, table: DerivedTable): string {
  return WORD.test(name) ? name : `column_${table.columns.findIndex((column) => column.name === name) + 1}`;
}

function statement(
  kind: keyof typeof WEIGHTS,
  table: DerivedTable,
  { params, sql }: { readonly params: readonly string[]; readonly sql: string },
): DerivedStatement {
  const name = wordOf(`${kind}_${table.schema}.${table.name}`);
  const lines = [
    `-- name: ${name}  weight: ${WEIGHTS[kind]}`,
    ...params.map((param) => `-- ${param}`),
    `${sql};`,
  ];
  return { name, text: `${lines.join('\n')}\n` };
}

/** By the first column of the key: where it has more, other rows may share its value. */
function byKey(table: DerivedTable): { readonly param: string; readonly where: string } | undefined {
  const key = table.columns.find(({ name }) => name === table.key[0]);
  if (!key) return undefined;
  const name = identifier(key.name);
  const draw = table.has_rows ? `sample ${quoted(table)}.${name}` : drawByType(key);
  if (draw === undefined) return undefined;
  return { param: `param key: ${draw}`, where: `${name} = :key` };
}

function changed(table: DerivedTable): DerivedColumn | undefined {
  const free = table.columns.filter(({ name, is_generated, is_unique }) => {
    return !is_generated && !is_unique && !table.key.includes(name);
  });
  return free.find(({ category }) => category === 'S') ?? free[0];
}

function addTo(table: DerivedTable): DerivedStatement | undefined {
  const written: { readonly column: DerivedColumn; readonly draw: string }[] = [];
  for (const column of table.columns) {
    if (column.is_generated || (column.has_default && (column.is_unique || !table.has_rows))) continue;
    const draw = drawOf(table, column);
    if (draw !== undefined) written.push({ column, draw });
    else if (column.is_required && !column.has_default) return undefined;
  }
  const names = written.map(({ column }) => identifier(column.name)).join(', ');
  const values = written.map(({ column }) => `:${parameterOf(column, table)}`).join(', ');
  const into = `INSERT INTO ${quoted(table)}`;
  return statement('add', table, {
    params: written.map(({ column, draw }) => `param ${parameterOf(column, table)}: ${draw}`),
    sql: written.length === 0 ? `${into} DEFAULT VALUES` : `${into} (${names}) VALUES (${values})`,
  });
}

/**
 * For one table: a row by its key, a page of rows, a change of one column of one row, a new row. Columns are named one by one,
 * as object-relational mappers do. Values are such as the rows have already: what the application would write, as far as
 * anybody can tell.
 */
export function derivedStatements(table: DerivedTable): readonly DerivedStatement[] {
  if (table.columns.length === 0) return [];
  const columns = table.columns.map(({ name }) => identifier(name)).join(', ');
  const from = `${columns} FROM ${quoted(table)}`;
  const key = byKey(table);
  const order = table.key.length > 0 ? ` ORDER BY ${table.key.map(identifier).join(', ')}` : '';
  const list = statement('list', table, { params: [], sql: `SELECT ${from}${order} LIMIT ${PAGE}` });
  const add = addTo(table);
  const rest = add ? [list, add] : [list];
  if (!key) return rest;
  const find = statement('find', table, {
    params: [key.param],
    sql: `SELECT ${from} WHERE ${key.where} LIMIT ${PAGE}`,
  });
  const column = changed(table);
  const draw = column && drawOf(table, column);
  if (!column || draw === undefined) return [find, ...rest];
  const one = `ctid = (SELECT ctid FROM ${quoted(table)} WHERE ${key.where} LIMIT 1)`;
  const change = statement('change', table, {
    params: [key.param, `param value: ${draw}`],
    sql: `UPDATE ${quoted(table)} SET ${identifier(column.name)} = :value WHERE ${table.key.length === 1 ? key.where : one}`,
  });
  return [find, change, ...rest];
}
