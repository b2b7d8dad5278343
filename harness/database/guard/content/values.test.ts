import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ContentBench } from './testing/bench.ts';

describe('a value of a column of another type', { timeout: 120_000 }, () => {
  let bench: ContentBench;

  beforeAll(async () => {
    bench = await ContentBench.start();
  }, 60_000);

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test.each([
    ['int to bigint', 'a int', ['1', '-5'], 'bigint', '', 0],
    ['int to text', 'a int', ['1', '-5'], 'text', '', 0],
    ['varchar to text', 'a varchar(9)', [`'x'`, `''`], 'text', '', 0],
    ['char to text: the padding is none of the value', 'a char(5)', [`'x'`, `'xyz'`], 'text', '', 0],
    ['text to char', 'a text', [`'x'`, `'y '`], 'char(5)', '', 1],
    ['more digits', 'a numeric(10,2)', ['1', '2.5'], 'numeric(12,4)', '', 0],
    ['fewer digits', 'a numeric(10,2)', ['1', '2.5'], 'numeric(10,0)', '', 1],
    [
      'more digits and other numbers behind them',
      'a numeric(10,2)',
      ['1', '2.5'],
      'numeric(12,4)',
      'a + 0.001',
      2,
    ],
    ['digits as text', 'a text', [`'42'`, `'7'`], 'int', 'a::int', 0],
    ['digits with zeros before them as text', 'a text', [`'42'`, `'007'`], 'int', 'a::int', 1],
    ['int to bool', 'a int', ['0', '1', '5'], 'bool', 'a <> 0', 1],
    ['real to double precision', 'a real', ['0.1', '3'], 'double precision', '', 0],
    ['double precision to real', 'a double precision', ['0.123456789', '3'], 'real', '', 1],
    ['time without zone to one with', 'a timestamp', [`'2026-07-01 12:00:00.123456'`], 'timestamptz', '', 0],
    [
      'time with zone to one without, in UTC',
      'a timestamptz',
      [`'2026-07-01 12:00Z'`],
      'timestamp',
      `a AT TIME ZONE 'UTC'`,
      0,
    ],
    [
      'time to whole seconds',
      'a timestamp',
      [`'2026-07-01 12:00:00.123'`, `'2026-07-01 12:00'`],
      'timestamp(0)',
      '',
      1,
    ],
    ['time to its day', 'a timestamp', [`'2026-07-01 12:00'`, `'2026-07-01 00:00'`], 'date', '', 1],
    ['int to a fraction', 'a int', ['5', '-5'], 'double precision', '', 0],
    ['int to another fraction that a cast rounds', 'a int', ['5', '-5'], 'double precision', 'a + 0.4', 2],
    ['real to a number near it', 'a real', ['5'], 'double precision', 'a + 0.00000001', 1],
    ['fraction to digits', 'a double precision', ['1.5', '2'], 'numeric(10,2)', '', 0],
    ['day to its beginning', 'a date', [`'2026-07-01'`], 'timestamp', '', 0],
    ['day to its end', 'a date', [`'2026-07-01'`], 'timestamp', `a + interval '23 hours'`, 1],
    ['day to its end, with zone', 'a date', [`'2026-07-01'`], 'timestamptz', `a + interval '23 hours'`, 1],
    ['day to its beginning, with zone', 'a date', [`'2026-07-01'`], 'timestamptz', '', 0],
    ['day to words', 'a date', [`'2026-07-01'`], 'text', `to_char(a, 'YYYYMMDD')`, 0],
    ['day to words of a time', 'a date', [`'2026-07-01'`], 'text', `a::text || ' 23:00'`, 1],
    ['truth to words', 'a bool', ['true', 'false'], 'text', `CASE WHEN a THEN 'yes' ELSE 'no' END`, 0],
    ['json to jsonb', 'a json', [`'{"b":1, "a":2}'`, `'[1]'`], 'jsonb', '', 0],
    ['text to json', 'a text', [`'{"b":1}'`], 'json', 'a::json', 0],
    [
      'text to uuid, in other letters',
      'a text',
      [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'`],
      'uuid',
      'a::uuid',
      1,
    ],
    ['text to bytes', 'a text', [`'abc'`], 'bytea', `convert_to(a, 'UTF8')`, 1],
    ['array to a wider one', 'a int[]', [`'{1,2}'`, `'{}'`], 'bigint[]', '', 0],
    ['array that is cut', 'a int[]', [`'{1,2}'`, `'{}'`], 'int[]', 'a[1:1]', 1],
  ])('%s', async (_what, column, values, type, using, changed) => {
    const rows = values.map((value, place) => `(${place}, ${value})`).join(', ');
    const before = `CREATE TABLE users (id int PRIMARY KEY, ${column}); INSERT INTO users VALUES ${rows}`;
    const found = await bench.columns(
      before,
      `ALTER TABLE users ALTER a TYPE ${type}${using === '' ? '' : ` USING ${using}`}`,
    );
    expect(found['a']?.['changed'] ?? 0).toBe(changed);
  });

  test('is another one in a table without a key, too, where a cast hides what was added to it', async () => {
    const made = `CREATE TABLE users (a int, d date); INSERT INTO users VALUES (5, '2026-07-01'), (7, '2026-07-02')`;
    const same = 'ALTER TABLE users ALTER a TYPE double precision, ALTER d TYPE timestamp';
    const other = `ALTER TABLE users ALTER a TYPE double precision USING a + 0.4 * (a - 5)`;
    const later = `ALTER TABLE users ALTER d TYPE timestamp USING d + interval '1 hour'`;
    expect(await bench.columns(made, same)).toEqual({ a: { filled: 2 }, d: { filled: 2 } });
    expect((await bench.columns(made, other))['a']).toEqual({ filled: 2, changed: 1 });
    expect((await bench.columns(made, later))['d']).toEqual({ filled: 2, changed: 2 });
  });

  test('is not stood in the way by types of the database, and stands in no way of them', async () => {
    const made = `CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN short AS varchar(5); CREATE TYPE pair AS (a int, b text);
      CREATE COLLATION odd (provider = icu, locale = 'und');
      CREATE TABLE users (id int PRIMARY KEY, m mood, s short, p pair, c text COLLATE odd);
      INSERT INTO users VALUES (1, 'sad', 'x', '(1,b)', 'é'), (2, 'glad', NULL, '(,)', 'z')`;
    const found = await bench.columns(
      made,
      `ALTER TABLE users ALTER m TYPE text, ALTER s TYPE text, ALTER p TYPE text, ALTER c TYPE text COLLATE "C";
       DROP TYPE mood; DROP DOMAIN short; DROP TYPE pair; DROP COLLATION odd`,
    );
    expect(found).toEqual({
      id: { filled: 2 },
      m: { filled: 2 },
      s: { filled: 1 },
      p: { filled: 2 },
      c: { filled: 2 },
    });
    const renamed = await bench.columns(made, `ALTER TYPE mood RENAME VALUE 'sad' TO 'low'`);
    expect(renamed['m']).toEqual({ filled: 2, changed: 1 });
  });
});
