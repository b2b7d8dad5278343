/** Which ways there are to make values of a column. */
import { listedFamily, type ValueFamily, type ValueNeed } from './draw.ts';
import { integerFamilies, numericFamilies } from './number-values.ts';
import { SIMPLE_FAMILIES } from './simple-values.ts';
import { textFamilies } from './text-values.ts';

const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext', 'name']);

/** The ways to make values of a column's type, the most natural one first; none for a type that is not known. */
export function familiesOf(need: ValueNeed): readonly ValueFamily[] {
  const { column } = need;
  const single = elementFamilies(need);
  const made = column.is_array ? single.map(asArray) : single;
  return made.map((one) => ({ ...one, sql: (index) => `(${one.sql(index)})::${column.type}` }));
}

function asArray(one: ValueFamily): ValueFamily {
  return { ...one, sql: (index) => `ARRAY[${one.sql(index)}, ${one.sql(`(${index} + 1)`)}]` };
}

function elementFamilies(need: ValueNeed): readonly ValueFamily[] {
  const { column, salt } = need;
  if (column.labels.length > 0) return [listedFamily({ type: column.base_type }, column.labels)];
  if (TEXTS.has(column.base)) return textFamilies(need);
  if (column.base === 'numeric') return numericFamilies(need);
  return integerFamilies(need) ?? SIMPLE_FAMILIES[column.base]?.(salt, column.modifier) ?? [];
}
