import type { DatabaseContentData } from '#harness/core/recovery.ts';
import type { Timeline } from '#harness/core/timeline.ts';

/** A table before the loss and after the recovery; absent where it was not there. */
export interface TableRow {
  readonly table: string;
  readonly rows_before?: number;
  readonly rows_after?: number;
  readonly same: boolean;
}

/** One thing of the schema, or a sequence, that is not as it was. */
export interface ContentDifference {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** What a database held before, beside what it holds after. */
export interface ContentComparison {
  readonly database: string;
  readonly tables: readonly TableRow[];
  /** How many columns, constraints, indexes and sequences were compared. */
  readonly compared: number;
  readonly differences: readonly ContentDifference[];
}

const ABSENT = 'not there';

/** The database's content before and after; undefined where one of the two was not read. */
export function contentOf(timeline: Timeline): ContentComparison | undefined {
  const records = timeline.of('database', 'content');
  const after = records.findLast(({ data }) => data.moment === 'after');
  const before = records.findLast(
    ({ subject, data }) => data.moment === 'before' && subject === after?.subject,
  );
  if (!before || !after) return undefined;
  const { largest_keys } = after.data;
  const compared = [
    compare('column', before.data.columns, after.data.columns, isSame),
    compare('constraint', before.data.constraints, after.data.constraints, isSame),
    compare('index', before.data.indexes, after.data.indexes, isAsGood),
    // A sequence goes on where it is used: only one that is behind its keys gives a number twice.
    compare(
      'sequence',
      before.data.sequences,
      after.data.sequences,
      (_was, is, name) => Number(is) >= (largest_keys[name] ?? Number.NEGATIVE_INFINITY),
    ),
  ];
  return {
    database: after.subject,
    tables: tablesOf(before.data, after.data),
    compared: compared.reduce((sum, { names }) => sum + names, 0),
    differences: compared.flatMap(({ differences }) => differences),
  };
}

const isSame = (was: string, is: string): boolean => was === is;

/** An index that no query could use may be whole afterwards, not the other way round. */
const isAsGood = (was: string, is: string): boolean =>
  was === is || was.replaceAll(/ (?:INVALID|NOT READY)/g, '') === is;

function tablesOf(before: DatabaseContentData, after: DatabaseContentData): readonly TableRow[] {
  const names = [...new Set([...before.tables, ...after.tables].map(({ table }) => table))].toSorted();
  return names.map((table) => {
    const left = before.tables.find((one) => one.table === table);
    const right = after.tables.find((one) => one.table === table);
    return {
      table,
      ...(left ? { rows_before: left.rows } : {}),
      ...(right ? { rows_after: right.rows } : {}),
      same: left !== undefined && left.rows === right?.rows && left.content_hash === right.content_hash,
    };
  });
}

type Named = Readonly<Record<string, string | number>>;

function compare(
  what: string,
  before: Named,
  after: Named,
  fits: (was: string, is: string, name: string) => boolean,
): { readonly names: number; readonly differences: readonly ContentDifference[] } {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const differences = names.flatMap((name) => {
    const was = before[name];
    const is = after[name];
    if (was !== undefined && is !== undefined && fits(String(was), String(is), name)) return [];
    return [{ what: `${what} ${name}`, before: String(was ?? ABSENT), after: String(is ?? ABSENT) }];
  });
  return { names: names.length, differences };
}
