/** Which rows go when a database is to hold a share of its rows only, so that references still hold. */
import { tableName, type TableSchema } from '../generate/schema.ts';

type Table = Pick<TableSchema, 'oid' | 'schema' | 'name' | 'references' | 'columns'>;

export interface SharePlan<Of extends Table = Table> {
  /** Those that lose rows; one that is referred to comes before those that refer to it, where there is no circle. */
  readonly reduced: readonly Of[];
  /** Those of them whose rows are drawn; the others lose the rows whose references would not hold any more. */
  readonly drawn: ReadonlySet<number>;
  /** Tables refer to each other in a circle: what goes from one may have to go from one before it. */
  readonly has_circle: boolean;
  /** Neither touched nor referred to by what is, nor referring to it. */
  readonly unrelated: readonly Of[];
  /** So many of the drawn tables stand above the largest one: its share is theirs to the power of this. */
  readonly drawn_above: number;
}

/**
 * Pure. Rows are drawn from the tables above all others that are touched, and those below them follow: of two tables that were
 * drawn independently, a table that refers to both would keep a share of a share.
 * @param touched names, `schema.table`
 * @param largest the one that is to have the share that is asked for
 */
export function planShare<Of extends Table>(
  tables: readonly Of[],
  touched: ReadonlySet<string>,
  largest: string,
): SharePlan<Of> {
  const by_oid = new Map(tables.map((table) => [table.oid, table]));
  const parents = (table: Of): readonly Of[] =>
    table.references.flatMap(({ target }) => (target === table.oid ? [] : (by_oid.get(target) ?? [])));
  const children = (table: Of): readonly Of[] => tables.filter((one) => parents(one).includes(table));
  const own = tables.filter((table) => touched.has(tableName(table)));
  const affected = reached(own, children);
  const drawn: Of[] = [];
  for (const table of own) {
    const above = reached(parents(table), parents);
    const below = reached(children(table), children);
    const circle = (one: Of): boolean => above.has(one) && below.has(one);
    const has_drawn = drawn.some((one) => circle(one));
    const is_below = [...above].some((one) => one !== table && affected.has(one) && !circle(one));
    if (!is_below && !has_drawn) drawn.push(table);
  }
  const { ordered, has_circle } = inOrder([...affected], parents);
  const related = reached([...affected], parents);
  const of = tables.find((table) => tableName(table) === largest);
  const above = of === undefined ? new Set<Of>() : reached([of], parents);
  return {
    reduced: ordered,
    drawn: new Set(drawn.map(({ oid }) => oid)),
    has_circle,
    unrelated: tables.filter((table) => !related.has(table)),
    drawn_above: Math.max(1, drawn.filter((table) => above.has(table)).length),
  };
}

/** These, and all that is reached from them. */
function reached<Of>(from: readonly Of[], next: (one: Of) => readonly Of[]): ReadonlySet<Of> {
  const found = new Set(from);
  // What is added while it is walked through is walked through too.
  for (const one of found) for (const other of next(one)) found.add(other);
  return found;
}

function inOrder<Of>(
  tables: readonly Of[],
  parents: (one: Of) => readonly Of[],
): { readonly ordered: readonly Of[]; readonly has_circle: boolean } {
  const left = new Set(tables);
  const ordered: Of[] = [];
  let has_circle = false;
  while (left.size > 0) {
    const free = [...left].find((table) => !parents(table).some((one) => left.has(one)));
    const [first] = left;
    const next = free ?? first;
    if (next === undefined) break;
    has_circle ||= free === undefined;
    left.delete(next);
    ordered.push(next);
  }
  return { ordered, has_circle };
}
