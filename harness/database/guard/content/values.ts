/**
 * When a value is still the same one, as expressions of SQL. It is, when its words are the same; else, where the type of
 * its column is another one, when it can be had back: the new value, cast to the old type, is the old value, and nothing
 * of the new one is lost by that cast. A price of 5.4 is no price of 5, although a cast rounds it.
 */
import { identifier, literal } from '../../ask.ts';
import type { Column } from './catalogue.ts';

/** What became of a value, as a small number in the guard's tables. */
export const FATE = { kept: 0, changed: 1, truncated: 2, nulled: 3, gained: 4 } as const;

/** Types of which two values are equal exactly when their words are. */
const EXACT: ReadonlySet<string> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'oid',
  'uuid',
  'date',
  'text',
  'character varying',
  'bytea',
  'timestamp without time zone',
  'timestamp with time zone',
]);
const NUMBERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric']);
const WORDS: ReadonlySet<string> = new Set(['text', 'character varying']);
const JSON_TYPES: ReadonlySet<string> = new Set(['json', 'jsonb']);
const DAY = 'date';
const WITHOUT_ZONE = 'timestamp without time zone';
const WITH_ZONE = 'timestamp with time zone';

/** Name of a column in the snapshot: it does not change with the column's own. */
export const kept = (attnum: number): string => `c${attnum}`;

/**
 * A column as the snapshot keeps it: as it is, where its type is the server's own, else by its words. So the snapshot
 * depends on nothing that a migration may drop: neither on types nor on collations.
 */
export function keptAs(column: Column, from: string): string {
  const value = `${from}.${identifier(column.name)}`;
  if (!column.is_builtin) return `${value}::text COLLATE "C"`;
  return column.is_collatable ? `${value} COLLATE "C"` : value;
}

/** A value before and after: expressions, and the columns that they are of. */
export interface Pair {
  readonly old: string;
  readonly now: string;
  readonly before: Column;
  readonly after: Column;
}

/** What casts of one database need. */
export interface Casts {
  /** That its sessions begin with. */
  readonly timezone: string;
  /** Name of a function that casts a value and gives its words: NULL where the other type does not hold it, or not all of it. */
  back(from: Column, to: Column): string;
}

/** That the types are the same, with their length or precision. */
function sameType({ before, after }: Pair): boolean {
  return before.type === after.type && before.is_builtin === after.is_builtin;
}

const words = (expression: string): string => `(${expression})::text COLLATE "C"`;

function isNumbers({ before, after }: Pair): boolean {
  return NUMBERS.has(before.plain_type) && NUMBERS.has(after.plain_type);
}

/** That both are not NULL and the same. */
export function isSame(pair: Pair, casts: Casts): string {
  const { old, now, before, after } = pair;
  const same_plain = before.plain_type === after.plain_type && before.is_builtin && after.is_builtin;
  if (same_plain && EXACT.has(before.plain_type)) return `${old} = ${now}`;
  const same_words = `${words(old)} = ${words(now)}`;
  // Most values were not touched: their bytes are the same, and nothing has to be put into words.
  if (sameType(pair))
    return before.is_builtin ? `(record_image_eq(ROW(${old}), ROW(${now})) OR ${same_words})` : same_words;
  return `(${same_words} OR ${hadBack(pair, casts)})`;
}

/** A day, or a time without a zone, and a time with one. */
function isLocalAndZoned({ before, after }: Pair): boolean {
  const types = new Set([before.plain_type, after.plain_type]);
  return types.has(WITH_ZONE) && (types.has(WITHOUT_ZONE) || types.has(DAY));
}

function hadBack(pair: Pair, casts: Casts): string {
  const { old, now, before, after } = pair;
  // 1.00 and 1.0000 are one number in other words; a cast to fewer digits would hide what was changed behind them.
  if (isNumbers(pair)) return `${old}::numeric = ${now}::numeric`;
  const types = [before.plain_type, after.plain_type];
  if (types.every((type) => WORDS.has(type))) return 'false';
  if (types.every((type) => JSON_TYPES.has(type))) return `${old}::jsonb = ${now}::jsonb`;
  if (isLocalAndZoned(pair)) {
    // Which zone the migration meant is not known: the session's, or UTC by name.
    const zones = [...new Set([casts.timezone, 'UTC'])];
    const [local, zoned] = before.plain_type === WITH_ZONE ? [now, old] : [old, now];
    return `(${zones.map((zone) => `(${zoned} AT TIME ZONE ${literal(zone)}) = ${local}::timestamp`).join(' OR ')})`;
  }
  return `coalesce(${casts.back(after, before)}(${now}) COLLATE "C" = ${words(old)}, false)`;
}

/** One of `FATE`. */
export function fateOf(pair: Pair, casts: Casts): string {
  const { old, now, before, after } = pair;
  const cut =
    before.is_text && after.is_text
      ? ` WHEN ${words(now)} <> '' AND starts_with(${words(old)}, ${words(now)}) THEN ${FATE.truncated}`
      : '';
  return `CASE WHEN ${old} IS NULL THEN CASE WHEN ${now} IS NULL THEN ${FATE.kept} ELSE ${FATE.gained} END
    WHEN ${now} IS NULL THEN ${FATE.nulled} WHEN ${isSame(pair, casts)} THEN ${FATE.kept}${cut}
    ELSE ${FATE.changed} END::int2`;
}

/** That two key values are the same, in a form by which the server can join: plain equality of one expression each. */
export function isSameKey(pair: Pair): string {
  const { old, now, before, after } = pair;
  if (before.plain_type === after.plain_type && before.is_builtin && after.is_builtin)
    return `${old} = ${now}`;
  if (isNumbers(pair)) return `${old}::numeric = ${now}::numeric`;
  return `${words(old)} = ${words(now)}`;
}

/** The two in words that are the same where the values are, for rows that only their content tells apart. */
export function inSameWords(pair: Pair, casts: Casts): readonly [string, string] {
  const { old, now, before, after } = pair;
  if (sameType(pair)) return [words(old), words(now)];
  if (isNumbers(pair)) return [words(`trim_scale(${old}::numeric)`), words(`trim_scale(${now}::numeric)`)];
  const types = [before.plain_type, after.plain_type];
  if (types.every((type) => JSON_TYPES.has(type))) return [words(`${old}::jsonb`), words(`${now}::jsonb`)];
  const zone = `AT TIME ZONE ${literal(casts.timezone)}`;
  if (isLocalAndZoned(pair)) {
    return before.plain_type === WITH_ZONE
      ? [words(`${old} ${zone}`), words(`${now}::timestamp`)]
      : [words(`${old}::timestamp`), words(`${now} ${zone}`)];
  }
  if (before.plain_type === after.plain_type || types.every((type) => WORDS.has(type))) {
    return [words(old), words(now)];
  }
  return [words(old), `coalesce(${casts.back(after, before)}(${now}), ${words(now)}) COLLATE "C"`];
}
