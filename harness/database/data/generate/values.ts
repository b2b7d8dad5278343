/**
 * Values as expressions of SQL: each is a pure function of a number, so that the same number gives the same value wherever it is
 * asked for, as a key and as a reference to it.
 */
import { identifier, literal } from '../../ask.ts';
import type { ColumnSchema } from './schema.ts';

/** A way to make values of a type. */
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
  readonly longest?: number | undefined;
}

const WORDS =
  `amber birch cedar delta ember fjord grove heron islet jade kelp larch maple north onyx pine`.split(' ');
const WORD_ARRAY = `'{${WORDS.join(',')}}'::text[]`;
/** Letters of more than one byte, which lengths in bytes and in characters tell apart. */
const FOREIGN = literal('Żółć 日本 🙂 ');
/** The two last ends of a day's clock, far enough apart that a precision of a second tells two values apart. */
const STEP = `interval '17.003 seconds'`;
const EPOCH = `'2026-01-01 00:00:00+00'`;
const LONGEST_TEXT = 2000;
/** Below this a text has no room for words. */
const ROOM_FOR_WORDS = 32;
const INTEGER_MAX: Readonly<Record<string, number>> = {
  int2: 32_767,
  int4: 2_147_483_647,
  int8: Number.MAX_SAFE_INTEGER,
  oid: 2_147_483_647,
};
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext', 'name']);
/** `numeric(p, s)` holds both in one number, after four (src/backend/utils/adt/numeric.c). */
const MODIFIER_OFFSET = 4;
const SCALE_MASK = 0x7_ff;
const FAR = Number.MAX_SAFE_INTEGER;

/** A number that is evenly spread and hangs on two others alone. */
export function hashSql(index: string, salt: number): string {
  return `hashint8extended(${index}, ${salt})`;
}

/** The same, from 0 up to 1. */
export function uniformSql(index: string, salt: number): string {
  return `((${hashSql(index, salt)} & 9007199254740991)::float8 / 9007199254740992)`;
}

/** One of a thousand. */
function rarely(index: string, salt: number): string {
  return `${hashSql(index, salt + 1)} & 1023 = 7`;
}

function word(index: string, salt: number, shift: number): string {
  return `(${WORD_ARRAY})[1 + ((${hashSql(index, salt)} >> ${shift}) & 15)]`;
}

/** The ways to make values of a column's type, the most natural one first; none for a type that is not known. */
export function familiesOf(need: ValueNeed): readonly ValueFamily[] {
  const { column } = need;
  const single = singleFamilies(need);
  const made = column.is_array ? single.map(asArray) : single;
  return made.map((family) => ({ ...family, sql: (index) => `(${family.sql(index)})::${column.type}` }));
}

/** Exactly these, the first ones most often. */
export function listedFamily(column: ColumnSchema, values: readonly string[]): ValueFamily {
  const list = `ARRAY[${values.map((value) => `${literal(value)}::${column.type}`).join(', ')}]`;
  return {
    name: 'listed',
    sql: (index) => `(${list})[1 + (${index} - 1) % ${values.length}]`,
    distinct: values.length,
  };
}

function asArray(family: ValueFamily): ValueFamily {
  return { ...family, sql: (index) => `ARRAY[${family.sql(index)}, ${family.sql(`(${index} + 1)`)}]` };
}

function singleFamilies(need: ValueNeed): readonly ValueFamily[] {
  const { base, labels } = need.column;
  if (labels.length > 0) return [listedOfType(labels, need.column)];
  if (TEXTS.has(base)) return textFamilies(need);
  const integer_max = INTEGER_MAX[base];
  if (integer_max !== undefined) return integerFamilies(need, integer_max);
  if (base === 'numeric') return numericFamilies(need);
  const simple = SIMPLE[base];
  return simple === undefined ? [] : simple(need.salt);
}

function listedOfType(labels: readonly string[], column: ColumnSchema): ValueFamily {
  // Of an array the elements are what is listed.
  return listedFamily(
    { ...column, type: column.is_array ? column.type.replace(/\[\]$/, '') : column.type },
    labels,
  );
}

function lengthOf({ column, longest }: ValueNeed): { readonly limit: number; readonly longest: number } {
  const declared = column.modifier > MODIFIER_OFFSET ? column.modifier - MODIFIER_OFFSET : undefined;
  const limit = column.base === 'name' ? 63 : (declared ?? FAR);
  return { limit, longest: Math.min(limit, longest ?? declared ?? LONGEST_TEXT) };
}

function textFamilies(need: ValueNeed): readonly ValueFamily[] {
  const { salt, column } = need;
  const { limit, longest } = lengthOf(need);
  const hex = (index: string): string => `to_hex(${index})`;
  const words: ValueFamily = {
    name: 'words',
    distinct: FAR,
    sql: (index) => {
      const plain = `${word(index, salt, 0)} || ' ' || ${word(index, salt, 4)} || ' ' || ${hex(index)}`;
      const foreign = `CASE WHEN ${hashSql(index, salt)} >> 8 & 63 = 5 THEN ${FOREIGN} ELSE '' END || ${plain}`;
      return `CASE WHEN ${rarely(index, salt)} THEN rpad(${foreign} || ' ', ${longest}, 'longest ') ELSE ${foreign} END`;
    },
  };
  // The number comes first, so that a value that is cut off is still another one.
  const short: ValueFamily = {
    name: 'short',
    distinct: Math.min(FAR, 16 ** limit - 1),
    sql: (index) => `left(${hex(index)} || '-' || ${word(index, salt, 0)}, ${limit})`,
  };
  const fitting = (chars: number, family: ValueFamily): readonly ValueFamily[] =>
    limit >= chars ? [family] : [];
  const of = (name: string, sql: (index: string) => string, distinct = FAR): ValueFamily => ({
    name,
    sql,
    distinct,
  });
  const email = fitting(
    28,
    of('email', (i) => `${word(i, salt, 0)} || '.' || ${hex(i)} || '@example.org'`),
  );
  const url = fitting(
    44,
    of('url', (i) => `'https://' || ${word(i, salt, 0)} || '.example.org/' || ${hex(i)}`),
  );
  const others = [
    ...fitting(
      24,
      of('slug', (i) => `${word(i, salt, 0)} || '-' || ${hex(i)}`),
    ),
    of(
      'letters',
      (i) => `left(translate(${hex(i)}, '0123456789', 'ghijklmnop'), ${limit})`,
      Math.min(FAR, 16 ** limit - 1),
    ),
    of(
      'capitals',
      (i) =>
        `upper(left(translate(lpad(${hex(i)}, ${Math.min(limit, 16)}, '0'), '0123456789', 'ghijklmnop'), ${limit}))`,
      Math.min(FAR, 16 ** limit - 1),
    ),
    of('digits', (i) => `lpad(${i}::text, ${Math.min(limit, 12)}, '0')`, Math.min(FAR, 10 ** limit - 1)),
    ...fitting(
      36,
      of('uuid', (i) => `md5(${salt} || ':' || ${i})::uuid::text`),
    ),
    ...fitting(
      7,
      of('colour', (i) => `'#' || lpad(${hex(`(${i} & 16777215)`)}, 6, '0')`, 16_777_215),
    ),
    ...fitting(
      2,
      of('object', () => `'{}'`, 1),
    ),
    of('empty', () => `''`, 1),
  ];
  const usual = limit >= ROOM_FOR_WORDS ? [words, short] : [short];
  const name = column.name.toLowerCase();
  if (/e_?mail/.test(name)) return [...email, ...usual, ...url, ...others];
  if (/ur[il]|link|href/.test(name)) return [...url, ...usual, ...email, ...others];
  return [...usual, ...email, ...url, ...others];
}

function integerFamilies({ column, salt }: ValueNeed, max: number): readonly ValueFamily[] {
  const of = (name: string, distinct: number, sql: (index: string) => string): ValueFamily => ({
    name,
    distinct,
    sql,
  });
  const modulo = (name: string, size: number, add: number): ValueFamily =>
    of(name, size, (i) => `(${i} - 1) % ${size} + ${add}`);
  const counting =
    column.base === 'int8'
      ? // Some do not fit into four bytes.
        of('counting', max, (i) => `CASE WHEN ${rarely(i, salt)} THEN 5000000000 + ${i} ELSE ${i} END`)
      : of('counting', max, (i) => i);
  return [
    counting,
    of('plain', max, (i) => i),
    modulo('to 32767', 32_767, 0),
    modulo('to 1000', 1000, 1),
    modulo('to 100', 100, 1),
    modulo('to 10', 10, 1),
    modulo('to 5', 5, 1),
    modulo('zero or one', 2, 0),
    of('below zero', max, (i) => `-${i}`),
    of('zero', 1, () => '0'),
  ];
}

function numericFamilies({ column, salt }: ValueNeed): readonly ValueFamily[] {
  const packed = column.modifier - MODIFIER_OFFSET;
  const limited = packed >= 0;
  const scale = limited ? ((packed & SCALE_MASK) ^ 0x400) - 0x400 : 2;
  const precision = limited ? (packed >> 16) & 0xff_ff : 30;
  const whole_digits = Math.max(0, precision - scale);
  const digits = Math.min(whole_digits, 15);
  const largest = `${'9'.repeat(Math.max(1, Math.min(whole_digits, 24)))}${scale > 0 ? `.${'9'.repeat(Math.min(scale, 24))}` : ''}`;
  const of = (name: string, distinct: number, sql: (index: string) => string): ValueFamily => ({
    name,
    distinct,
    sql,
  });
  const fraction =
    scale > 0
      ? (i: string): string =>
          ` + (${i} % ${10 ** Math.min(scale, 6)}) / ${10 ** Math.min(scale, 6)}::numeric`
      : () => '';
  const amount = (i: string): string => `(${i} % ${10 ** digits})::numeric${fraction(i)}`;
  const below_one = (i: string): string => `(${i} % 1000) / 1000.0`;
  if (digits === 0) return [of('below one', 999, below_one), of('zero', 1, () => '0')];
  return [
    of('amounts', 10 ** digits - 1, (i) =>
      whole_digits > 0 && limited
        ? `CASE WHEN ${rarely(i, salt)} THEN ${largest} ELSE ${amount(i)} END`
        : amount(i),
    ),
    of('plain', 10 ** digits - 1, (i) => `${i} % ${10 ** digits}`),
    of('below one', 999, below_one),
    of('to 100', 100, (i) => `(${i} - 1) % 100 + 1`),
    of('to 5', 5, (i) => `(${i} - 1) % 5 + 1`),
    of('below zero', 10 ** digits - 1, (i) => `-(${i} % ${10 ** digits})`),
    of('zero', 1, () => '0'),
  ];
}

const only =
  (distinct: number, ...sqls: readonly ((index: string, salt: number) => string)[]) =>
  (salt: number): readonly ValueFamily[] =>
    sqls.map((sql, place) => ({ name: `${place + 1}`, distinct, sql: (index) => sql(index, salt) }));

const past =
  (type: string) =>
  (i: string): string =>
    `${type} ${EPOCH} - ${i} * ${STEP}`;
const future =
  (type: string) =>
  (i: string): string =>
    `${type} ${EPOCH} + ${i} * ${STEP}`;
const clock = (i: string): string => `time '00:00' + (${i} % 86400) * interval '1 second'`;
const floats = only(
  FAR,
  (i) => `${i} * 1.25`,
  (i) => `(${i} % 1000) / 1000.0`,
  (i) => `-${i} * 1.25`,
);
const corner = (i: string): string => `point(${i} % 1000, ${i} / 1000)`;
const apart = (i: string): string => `${i} * 10`;

/** Types of one or few natural families. */
const SIMPLE: Readonly<Record<string, (salt: number) => readonly ValueFamily[]>> = {
  bool: only(
    2,
    (i) => `${i} % 2 = 1`,
    () => 'true',
    () => 'false',
  ),
  float4: floats,
  float8: floats,
  money: only(FAR, (i) => `(${i} % 100000000)::numeric`),
  date: only(
    36_500,
    (i) => `date '2026-01-01' - (${i} % 36501)::int`,
    (i) => `date '2026-01-01' + (${i} % 36501)::int`,
  ),
  timestamp: only(FAR, past('timestamp'), future('timestamp')),
  timestamptz: only(FAR, past('timestamptz'), future('timestamptz')),
  time: only(86_399, clock),
  timetz: only(86_399, clock),
  interval: only(FAR, (i) => `${i} * interval '1 minute'`),
  uuid: only(FAR, (i, salt) => `md5(${salt} || ':' || ${i})::uuid`),
  bytea: only(
    FAR,
    (i, salt) => `decode(repeat(md5(${i}::text), CASE WHEN ${rarely(i, salt)} THEN 64 ELSE 1 END), 'hex')`,
  ),
  json: only(FAR, (i, salt) => `json_build_object('id', ${i}, 'name', ${word(i, salt, 0)})`),
  jsonb: only(
    FAR,
    (i, salt) => `jsonb_build_object('id', ${i}, 'name', ${word(i, salt, 0)})`,
    () => `'{}'`,
    () => `'[]'`,
  ),
  xml: only(FAR, (i) => `('<item>' || ${i} || '</item>')::xml`),
  inet: only(16_777_215, (i) => `'10.0.0.0'::inet + (${i} & 16777215)`),
  cidr: only(16_777_215, (i) => `set_masklen('10.0.0.0'::inet + (${i} & 16777215), 32)`),
  macaddr: only(FAR, (i) => `lpad(to_hex(${i}), 12, '0')`),
  macaddr8: only(FAR, (i) => `lpad(to_hex(${i}), 16, '0')`),
  bit: only(1, () => `B'0'`),
  varbit: only(FAR, (i) => `${i}::bit(48)`),
  tsvector: only(FAR, (i, salt) => `to_tsvector('simple', ${word(i, salt, 0)} || ' ' || ${i})`),
  tsquery: only(FAR, (i) => `plainto_tsquery('simple', 'n' || ${i})`),
  hstore: only(FAR, (i) => `('id=>' || ${i})`),
  ltree: only(FAR, (i) => `('top.n' || ${i})`),
  point: only(FAR, corner),
  box: only(FAR, (i) => `box(${corner(i)}, point(${i} % 1000 + 0.5, ${i} / 1000 + 0.5))`),
  circle: only(FAR, (i) => `circle(${corner(i)}, 0.4)`),
  polygon: only(FAR, (i) => `polygon(circle(${corner(i)}, 0.4))`),
  lseg: only(FAR, (i) => `lseg(${corner(i)}, point(0, 0))`),
  int4range: only(200_000_000, (i) => `int4range((${apart(i)})::int, (${apart(i)} + 5)::int)`),
  int8range: only(FAR, (i) => `int8range(${apart(i)}, ${apart(i)} + 5)`),
  numrange: only(FAR, (i) => `numrange(${apart(i)}, ${apart(i)} + 5)`),
  daterange: only(
    36_500,
    (i) => `daterange(date '2026-01-01' - (${i} % 36501)::int, date '2026-01-02' - (${i} % 36501)::int)`,
  ),
  tsrange: only(
    FAR,
    (i) => `tsrange(${past('timestamp')(i)}, ${past('timestamp')(i)} + interval '9 seconds')`,
  ),
  tstzrange: only(
    FAR,
    (i) => `tstzrange(${past('timestamptz')(i)}, ${past('timestamptz')(i)} + interval '9 seconds')`,
  ),
};

/** A column as SQL names it. */
export function columnSql({ name }: Pick<ColumnSchema, 'name'>): string {
  return identifier(name);
}
