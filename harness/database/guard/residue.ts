/** What a run that did not come to its end left in a database. */
import type { Schema } from './round-trip/schema.ts';

const INVALID = ' INVALID';

/** As it is called in a list of what was left: an index that serves nobody is called so. */
function nameIn(name: string, definition: string): string {
  if (name.startsWith('index ') && definition.includes(INVALID)) return `invalid ${name}`;
  return definition.includes(' NOT VALID') ? `${name}, which is not validated` : name;
}

/**
 * A line for each object that is there and should not be, or is another one, or is gone.
 * @param after state after a run that nobody disturbed: what is as it should be then is no residue
 */
export function residueOf(before: Schema, now: Schema, after: Schema = before): readonly string[] {
  const left = [...now].flatMap(([name, definition]) => {
    if (before.get(name) === definition || after.get(name) === definition) return [];
    if (name.startsWith('column order of ') && (before.has(name) || now.has(tableOf(name)))) return [];
    const called = nameIn(name, definition);
    return [before.has(name) || after.has(name) ? otherThan(name, called) : called];
  });
  const gone = [...before.keys()]
    .filter((name) => !now.has(name) && after.has(name))
    .map((name) => `${name} is gone`);
  return [...left, ...gone].sort();
}

const tableOf = (order: string): string => order.replace('column order of ', 'table ');

function otherThan(name: string, called: string): string {
  return called === name ? `${name} is another one` : called;
}
