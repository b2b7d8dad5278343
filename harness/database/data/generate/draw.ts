/** Draws by hashing: expressions of SQL that hang on a number and a salt alone. */
import { literal } from '../../ask.ts';
import type { ColumnSchema } from './schema.ts';

/** A way to make values of a type: each is a pure function of a number, a key and a reference to it alike. */
export interface ValueFamily {
  readonly name: string;
  /** @param index expression of a bigint from 1 */
  readonly sql: (index: string) => string;
  /** Indexes from 1 to this give different values. */
  readonly distinct: number;
}

/** What a family needs to know of its column. */
export interface ValueNeed {
  readonly column: ColumnSchema;
  /** Makes the column's values differ from those of others. */
  readonly salt: number;
  /** Characters of the longest values. */
  readonly longest?: number | undefined;
}

/** As many as a run can ever need. */
export const FAR = Number.MAX_SAFE_INTEGER;
/** A length, or precision and scale, is written into the catalogue with so much added. */
export const MODIFIER_OFFSET = 4;

const WORDS = 'amber birch cedar delta ember fjord grove heron islet jade kelp larch maple north onyx pine';
const WORD_ARRAY = `'{${WORDS.replaceAll(' ', ',')}}'::text[]`;

/** A number that is evenly spread over all of bigint. */
export function hashSql(index: string, salt: number): string {
  return `hashint8extended(${index}, ${salt})`;
}

/** From 0 up to 1. */
export function uniformSql(index: string, salt: number): string {
  return `((${hashSql(index, salt)} & 9007199254740991)::float8 / 9007199254740992)`;
}

/** One index of a thousand; an early one, so that it is met where few different values are asked for. */
export function rarelySql(index: string): string {
  return `${index} % 1000 = 8`;
}

/** One of sixteen words; each `place` draws for itself. */
export function wordSql(index: string, salt: number, place: 0 | 1 = 0): string {
  return `(${WORD_ARRAY})[1 + ((${hashSql(index, salt)} >> ${4 * place}) & 15)]`;
}

/** A family by its parts. */
export function family(name: string, distinct: number, sql: (index: string) => string): ValueFamily {
  return { name, distinct, sql };
}

/** Exactly these values, the first ones most often. */
export function listedFamily(column: Pick<ColumnSchema, 'type'>, values: readonly string[]): ValueFamily {
  const list = `ARRAY[${values.map((value) => `${literal(value)}::${column.type}`).join(', ')}]`;
  return family('listed', values.length, (index) => `(${list})[1 + (${index} - 1) % ${values.length}]`);
}
