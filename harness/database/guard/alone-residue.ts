/** What a migration that was refused left behind. */
import type { Structure } from '../structure.ts';

const INVALID = ' INVALID';

/** What is there now and was not there before, or not like this. */
function between(
  kind: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const added = Object.entries(after).flatMap(([name, definition]) => {
    const is_invalid = kind === 'index' && definition.includes(INVALID);
    if (!Object.hasOwn(before, name)) return [`${is_invalid ? 'invalid index' : kind} ${name}`];
    return before[name] === definition ? [] : [`${kind} ${name} is another one`];
  });
  const gone = Object.keys(before)
    .filter((name) => !Object.hasOwn(after, name))
    .map((name) => `${kind} ${name} is gone`);
  return [...added, ...gone];
}

function tablesOf({ tables }: Structure): Readonly<Record<string, string>> {
  return Object.fromEntries(tables.map(({ schema, name }) => [`${schema}.${name}`, '']));
}

/** A line for each object that is not as it was; rows are compared elsewhere. */
export function residueBetween(before: Structure, after: Structure): readonly string[] {
  return [
    ...between('table', tablesOf(before), tablesOf(after)),
    ...between('column', before.columns, after.columns),
    ...between('constraint', before.constraints, after.constraints),
    ...between('index', before.indexes, after.indexes),
  ];
}
