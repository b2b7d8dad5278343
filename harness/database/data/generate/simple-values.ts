import { FAR, family, rarelySql, type ValueFamily, wordSql } from './draw.ts';

type ValueSql = (index: string, salt: number) => string;
/** @param length as declared, or below one */
type Families = (salt: number, length: number) => readonly ValueFamily[];

/** Wide enough that types with a precision of a second tell two values apart. */
const STEP = `interval '17.003 seconds'`;
const NOW = `'2026-01-01 00:00:00+00'`;
const DAYS = 36_500;

function ways(distinct: number, ...sqls: readonly ValueSql[]): Families {
  return (salt) =>
    sqls.map((sql, place) => family(`way ${place + 1}`, distinct, (index) => sql(index, salt)));
}

function past(type: string): ValueSql {
  return (i) => `${type} ${NOW} - ${i} * ${STEP}`;
}

function future(type: string): ValueSql {
  return (i) => `${type} ${NOW} + ${i} * ${STEP}`;
}

function moments(type: string): Families {
  return ways(FAR, past(type), future(type));
}

/** Short stretches of time that do not touch. */
function stretches(range: string, type: string): Families {
  return ways(FAR, (i, salt) => {
    const begin = past(type)(i, salt);
    return `${range}(${begin}, ${begin} + interval '9 seconds')`;
  });
}

const FLOATS = ways(
  FAR,
  (i) => `${i} * 1.25`,
  (i) => `(${i} % 1000) / 1000.0`,
  (i) => `-${i} * 1.25`,
);
const CLOCK = ways(86_399, (i) => `time '00:00' + (${i} % 86400) * interval '1 second'`);

function corner(i: string): string {
  return `point(${i} % 1000, ${i} / 1000)`;
}

/** Types of one natural way, or few; by the name of the type. */
export const SIMPLE_FAMILIES: Readonly<Record<string, Families>> = {
  bool: ways(
    2,
    (i) => `${i} % 2 = 1`,
    () => 'true',
    () => 'false',
  ),
  float4: FLOATS,
  float8: FLOATS,
  money: ways(99_999_999, (i) => `(${i} % 100000000)::numeric`),
  date: ways(
    DAYS,
    (i) => `date '2026-01-01' - (${i} % ${DAYS + 1})::int`,
    (i) => `date '2026-01-01' + (${i} % ${DAYS + 1})::int`,
  ),
  timestamp: moments('timestamp'),
  timestamptz: moments('timestamptz'),
  time: CLOCK,
  timetz: CLOCK,
  interval: ways(FAR, (i) => `${i} * interval '1 minute'`),
  uuid: ways(FAR, (i, salt) => `md5(${salt} || ':' || ${i})::uuid`),
  bytea: ways(
    FAR,
    (i) => `decode(repeat(md5(${i}::text), CASE WHEN ${rarelySql(i)} THEN 64 ELSE 1 END), 'hex')`,
  ),
  json: ways(FAR, (i, salt) => `json_build_object('id', ${i}, 'name', ${wordSql(i, salt)})`),
  jsonb: ways(
    FAR,
    (i, salt) => `jsonb_build_object('id', ${i}, 'name', ${wordSql(i, salt)})`,
    (i) => `jsonb_build_array(${i})`,
  ),
  xml: ways(FAR, (i) => `'<item>' || ${i} || '</item>'`),
  inet: ways(16_777_215, (i) => `'10.0.0.0'::inet + (${i} & 16777215)`),
  cidr: ways(16_777_215, (i) => `set_masklen('10.0.0.0'::inet + (${i} & 16777215), 32)`),
  macaddr: ways(FAR, (i) => `lpad(to_hex(${i}), 12, '0')`),
  macaddr8: ways(FAR, (i) => `lpad(to_hex(${i}), 16, '0')`),
  // The cast to its length takes the lowest ones.
  bit: (salt, length) => ways(2 ** Math.max(1, length) - 1, (i) => i)(salt, length),
  varbit: ways(FAR, (i) => `${i}::bit(48)`),
  tsvector: ways(FAR, (i, salt) => `to_tsvector('simple', ${wordSql(i, salt)} || ' ' || ${i})`),
  tsquery: ways(FAR, (i) => `plainto_tsquery('simple', 'n' || ${i})`),
  hstore: ways(FAR, (i) => `'id=>' || ${i}`),
  ltree: ways(FAR, (i) => `'top.n' || ${i}`),
  point: ways(FAR, corner),
  box: ways(FAR, (i) => `box(${corner(i)}, point(${i} % 1000 + 0.5, ${i} / 1000 + 0.5))`),
  circle: ways(FAR, (i) => `circle(${corner(i)}, 0.4)`),
  polygon: ways(FAR, (i) => `polygon(circle(${corner(i)}, 0.4))`),
  lseg: ways(FAR, (i) => `lseg(${corner(i)}, point(-1, -1))`),
  int4range: ways(200_000_000, (i) => `int4range((${i} * 10)::int, (${i} * 10 + 5)::int)`),
  int8range: ways(FAR, (i) => `int8range(${i} * 10, ${i} * 10 + 5)`),
  numrange: ways(FAR, (i) => `numrange(${i} * 10, ${i} * 10 + 5)`),
  daterange: ways(DAYS, (i) => {
    const begin = `date '2026-01-01' - (${i} % ${DAYS + 1})::int`;
    return `daterange(${begin}, ${begin} + 1)`;
  }),
  tsrange: stretches('tsrange', 'timestamp'),
  tstzrange: stretches('tstzrange', 'timestamptz'),
};
