/** Chooses ways to make values by which the conditions of a table hold: the server itself says of each whether they do. */
import type { OwnClient } from '../../server/client.ts';
import { type ColumnPlan, type Plan, rowsSql, type Source, type TablePlan } from './plan.ts';
import { RowsNotMade } from './rows-not-made.ts';
import { tableName, type TableSchema } from './schema.ts';
import { listedFamily, type ValueFamily } from './draw.ts';

type Check = TableSchema['checks'][number];

/** Enough that what is rare is among them. */
const SAMPLE_ROWS = 3000;
const TRIES_MAX = 400;
const QUOTED = /'((?:[^']|'')*)'/g;
const NUMBER = /(?<![\w'.])-?\d+(?:\.\d+)?(?![\w'.])/g;
const UNDEFINED_COLUMN = '42703';

/**
 * The plan with other values where conditions demand them.
 * @throws UnfitError that names a condition for which none were found
 */
export async function satisfyChecks(client: OwnClient, plan: Plan): Promise<Plan> {
  let solved = plan;
  for (const { table } of plan.values()) {
    const settled: Check[] = [];
    for (const check of table.checks.toSorted((left, right) => left.columns.length - right.columns.length)) {
      solved = await satisfy(client, solved, table.oid, [...settled, check], check);
      settled.push(check);
    }
  }
  return solved;
}

async function satisfy(
  client: OwnClient,
  plan: Plan,
  oid: number,
  demanded: readonly Check[],
  check: Check,
): Promise<Plan> {
  let tried = 0;
  const planned = planOf(plan, oid);
  for await (const candidate of candidatesFor(client, plan, planned, check)) {
    const changed = new Map(plan).set(oid, candidate);
    if (await holds(client, changed, candidate, demanded)) return changed;
    tried += 1;
    if (tried === TRIES_MAX) break;
  }
  throw new RowsNotMade(
    planned.table,
    `no values were found by which the condition ${check.name} of ${tableName(planned.table)} holds: ${check.expression}`,
    { next: 'List values for its columns in the description of the data (values), or take a dump.' },
  );
}

function planOf(plan: Plan, oid: number): TablePlan {
  const found = plan.get(oid);
  if (found === undefined) throw new Error(`table ${oid} is not planned`);
  return found;
}

async function holds(
  client: OwnClient,
  plan: Plan,
  table: TablePlan,
  checks: readonly Check[],
): Promise<boolean> {
  const last = table.first + Math.min(table.rows, SAMPLE_ROWS) - 1;
  const all = checks.map(({ expression }) => `coalesce((${expression}), true)`).join(' AND ');
  try {
    const { rows } = await client.query<{ holds: boolean }>(
      `SELECT coalesce(bool_and(${all}), true) AS holds FROM (${rowsSql(plan, table, table.first, last)}) AS made`,
    );
    return rows[0]?.holds === true;
  } catch (error) {
    // It speaks of a column that the server fills by itself, so only the server can say.
    if (error instanceof Error && 'code' in error && error.code === UNDEFINED_COLUMN) return true;
    return false;
  }
}

/** From the most natural to the most forced: as it is, hanging together, other values, no values. */
async function* candidatesFor(
  client: OwnClient,
  plan: Plan,
  table: TablePlan,
  check: Check,
): AsyncGenerator<TablePlan, void, undefined> {
  yield table;
  const members = table.columns.filter(({ column }) => check.columns.includes(column.name));
  const filled = members.map((one) => ({ ...one, nulls: mayDiffer(one) ? 0 : one.nulls }));
  yield withColumns(table, filled);
  for (const together of hangingTogether(members)) yield withColumns(table, together);
  const choices: (readonly ColumnPlan[])[] = [];
  for (const member of members) choices.push(await choicesOf(client, plan, table, member, check));
  for (const chosen of products(choices)) yield withColumns(table, chosen);
}

function withColumns(table: TablePlan, changed: readonly ColumnPlan[]): TablePlan {
  const columns = table.columns.map(
    (one) => changed.find(({ column }) => column.name === one.column.name) ?? one,
  );
  return { ...table, columns };
}

function mayDiffer({ column, nulls }: ColumnPlan): boolean {
  return !column.not_null && nulls > 0;
}

/** One value for all, or each a step from the one before, as the begin and the end of something are. */
function* hangingTogether(members: readonly ColumnPlan[]): Generator<readonly ColumnPlan[], void, undefined> {
  const [first] = members;
  if (first === undefined || members.length < 2 || first.source.kind !== 'value') return;
  if (members.some(({ column, source }) => source.kind !== 'value' || column.base !== first.column.base))
    return;
  for (const step of [1, -1, 0]) {
    yield members.map((one, place) => {
      const together = { ...one, index: first.index, null_salt: first.null_salt };
      return { ...together, source: steady(one.source, place * step) };
    });
  }
}

function steady(source: Source, shift: number): Source {
  if (source.kind !== 'value') return source;
  const plain = source.families.find(({ name }) => name === 'plain');
  return { ...source, shift, families: plain === undefined ? source.families : [plain, ...source.families] };
}

async function choicesOf(
  client: OwnClient,
  plan: Plan,
  table: TablePlan,
  member: ColumnPlan,
  check: Check,
): Promise<readonly ColumnPlan[]> {
  const { source, index, column } = member;
  const none = mayDiffer(member) ? [{ ...member, nulls: 1 }] : [];
  if (source.kind !== 'value') return [member, ...none];
  const needed = index.kind === 'row' ? table.rows : index.kind === 'digit' ? index.distinct : 1;
  const listed = await listedIn(client, plan, table, member, check);
  const families = [...(listed === undefined ? [] : [listed]), ...source.families];
  const usable = families.filter(({ distinct }) => distinct >= needed);
  const chosen = usable.map((family): ColumnPlan => {
    const drawn =
      index.kind === 'drawn' ? { ...index, distinct: Math.min(index.distinct, family.distinct) } : index;
    return { ...member, column, index: drawn, source: { ...source, families: [family, ...source.families] } };
  });
  return [...chosen, ...none];
}

/** The values that stand in a condition, those of them by which it holds. */
async function listedIn(
  client: OwnClient,
  plan: Plan,
  table: TablePlan,
  member: ColumnPlan,
  check: Check,
): Promise<ValueFamily | undefined> {
  const { expression } = check;
  const texts = [...expression.matchAll(QUOTED)].map(([, text = '']) => text.replaceAll("''", "'"));
  const values = [...new Set([...texts, ...(expression.match(NUMBER) ?? [])])];
  const fitting: string[] = [];
  for (const value of values) {
    const source: Source = { kind: 'value', shift: 0, families: [listedFamily(member.column, [value])] };
    const index = { kind: 'drawn', distinct: 1, skew: 1, salt: 0 } as const;
    const tried = withColumns(table, [{ ...member, nulls: 0, index, source }]);
    if (check.columns.length > 1) fitting.push(value);
    else if (await holds(client, plan, tried, [check])) fitting.push(value);
  }
  return fitting.length === 0 ? undefined : listedFamily(member.column, fitting);
}

function* products<T>(choices: readonly (readonly T[])[]): Generator<readonly T[], void, undefined> {
  const [first, ...others] = choices;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const rest of products(others)) for (const one of first) yield [one, ...rest];
}
