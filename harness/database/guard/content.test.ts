import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession } from './apply-session.ts';
import { takeSnapshot } from './content.ts';
import { brief, ContentBench, runSql, USERS } from './content/testing/bench.ts';

describe('what a migration did to rows and values', { timeout: 120_000 }, () => {
  let bench: ContentBench;

  beforeAll(async () => {
    bench = await ContentBench.start();
  }, 60_000);

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test('follows tables and columns that are called otherwise', async () => {
    const fate = await bench.table(
      USERS,
      'CREATE SCHEMA shop; ALTER TABLE users RENAME TO people; ALTER TABLE people SET SCHEMA shop; ALTER TABLE shop.people RENAME name TO full_name',
    );
    expect(fate).toMatchObject({ now: 'shop.people', rows_before: 100, rows_after: 100, rows_lost: 0 });
    expect(fate.columns.map(({ column, now }) => [column, now])).toEqual([
      ['id', 'id'],
      ['name', 'full_name'],
      ['age', 'age'],
      ['paid', 'paid'],
    ]);
    expect(fate.columns.map(brief)).toEqual([
      { filled: 100 },
      { filled: 100 },
      { filled: 90 },
      { filled: 100 },
    ]);
  });

  test('counts what a narrowing by USING cuts off, and loses nothing when the server refuses it', async () => {
    const cut = await bench.table(
      USERS,
      'ALTER TABLE users ALTER name TYPE varchar(16) USING name::varchar(16)',
    );
    // 15 to 19 letters before two digits, in each twenty.
    expect(cut.columns[1]).toMatchObject({
      filled: 100,
      changed: 25,
      truncated: 25,
      lost: 0,
      type_before: 'text',
      type_after: 'character varying(16)',
      examples: ['15', '16', '17', '18', '19'],
    });
    await expect(bench.facts(USERS, 'ALTER TABLE users ALTER name TYPE varchar(16)')).rejects.toThrow(
      'too long',
    );
    const refused = await bench.table(
      USERS,
      'DO $$ BEGIN ALTER TABLE users ALTER name TYPE varchar(16); EXCEPTION WHEN data_exception THEN NULL; END $$',
    );
    expect(refused.columns.map(brief)).toEqual([
      { filled: 100 },
      { filled: 100 },
      { filled: 90 },
      { filled: 100 },
    ]);
  });

  test('counts rows that are gone and added, and examples of keys alone', async () => {
    const fate = await bench.table(
      USERS,
      `DELETE FROM users WHERE id % 10 = 3; INSERT INTO users VALUES (500, 'new')`,
    );
    expect(fate).toMatchObject({ rows_lost: 10, rows_added: 1, rows_after: 91 });
    expect(fate.examples).toEqual(['3', '13', '23', '33', '43']);
    expect(JSON.stringify(fate)).not.toContain('nnn');
  });

  test('tells changed, nulled and gained values apart', async () => {
    const found = await bench.columns(
      USERS,
      `UPDATE users SET age = NULL WHERE id IN (1, 2); UPDATE users SET age = 7 WHERE id IN (10, 20, 30); UPDATE users SET age = age + 1 WHERE id = 5`,
    );
    expect(found['age']).toEqual({ filled: 90, nulled: 2, gained: 3, changed: 1 });
    expect(found['name']).toEqual({ filled: 100 });
  });

  test('reads a partitioned table as one, a generated column, and json', async () => {
    const before = `CREATE TABLE users (id int, day date, note json, twice int GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
      CREATE TABLE a PARTITION OF users FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
      CREATE TABLE b PARTITION OF users FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
      INSERT INTO users SELECT g, '2026-01-20'::date + g, '{"a": 1}' FROM generate_series(0, 29) g`;
    const changed = await bench.table(
      before,
      `UPDATE users SET note = '{"a":  1}' WHERE id = 2; UPDATE users SET day = '2026-02-28' WHERE id = 29`,
    );
    expect(changed).toMatchObject({
      rows_before: 30,
      rows_lost: 1,
      rows_added: 1,
      examples: ['(29, 2026-02-18)'],
    });
    expect(changed.columns.map(brief)).toEqual([
      { filled: 30 },
      { filled: 30 },
      { filled: 30, changed: 1 },
      { filled: 30 },
    ]);
    expect(await bench.table(before, 'DROP TABLE a')).toMatchObject({
      rows_before: 30,
      rows_after: 18,
      rows_lost: 12,
    });
    expect(await bench.table(before, 'ALTER TABLE users DETACH PARTITION a')).toMatchObject({
      rows_lost: 0,
      moved_to: 'public.a',
    });
  });

  test('counts the pages of large objects', async () => {
    const before = `CREATE TABLE files (id int PRIMARY KEY, content oid);
      INSERT INTO files SELECT g, lo_from_bytea(50000 + g, decode(repeat('ab', 3000), 'hex')) FROM generate_series(1, 3) g`;
    const pages = await bench.table(before, `SELECT lo_unlink(50002)`, 'pg_catalog.pg_largeobject');
    expect(pages).toMatchObject({ rows_before: 6, rows_lost: 2, examples: ['(50002, 0)', '(50002, 1)'] });
    const all = await bench.table(
      before,
      'SELECT lo_unlink(content) FROM files',
      'pg_catalog.pg_largeobject',
    );
    expect(all).toMatchObject({ rows_before: 6, rows_lost: 6 });
  });

  test('leaves nothing of its own behind', async () => {
    await using database = await bench.server.create();
    await runSql(database.address, USERS);
    {
      await using kept = await takeSnapshot(database.address);
      await kept.compare();
    }
    await using session = await openSession(database.address, 'test');
    const { rows } = await session.client.query(`SELECT FROM pg_namespace WHERE nspname = 'mettle_guard'`);
    expect(rows).toEqual([]);
  });

  /** How many rows of which kind are damaged; rows are taken one after the other, so that none is hit twice. */
  const damage = fc.record({
    rows: fc.integer({ min: 0, max: 400 }),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
    deleted: fc.integer({ min: 0, max: 40 }),
    changed: fc.integer({ min: 0, max: 40 }),
    nulled: fc.integer({ min: 0, max: 40 }),
    truncated: fc.integer({ min: 0, max: 40 }),
    added: fc.integer({ min: 0, max: 40 }),
    has_key: fc.boolean(),
  });

  test('counts random damage exactly, with a key and without one', async () => {
    await using database = await bench.server.create();
    const { address } = database;
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        damage,
        async ({ rows, seed, deleted, changed, nulled, truncated, added, has_key }) => {
          made += 1;
          const name = `t${made}`;
          await runSql(
            address,
            `SELECT setseed(${seed / 1_000_000});
           CREATE TABLE ${name} (id int ${has_key ? 'PRIMARY KEY' : ''}, name text, n int, order_ int);
           INSERT INTO ${name} SELECT g, 'value ' || md5(random()::text), (random() * 5)::int, row_number() OVER (ORDER BY random())
           FROM generate_series(1, ${rows}) g`,
          );
          await using kept = await takeSnapshot(address);
          const bounds = [0, deleted, changed, nulled, truncated].map((_, place, all) =>
            all.slice(0, place + 1).reduce((sum, count) => sum + count, 0),
          );
          const hit = (place: number) => `order_ > ${bounds[place - 1]} AND order_ <= ${bounds[place]}`;
          const count = (place: number) =>
            Math.max(0, Math.min(rows, bounds[place] ?? 0) - Math.min(rows, bounds[place - 1] ?? 0));
          await runSql(
            address,
            `DELETE FROM ${name} WHERE ${hit(1)}; UPDATE ${name} SET name = 'other' || name WHERE ${hit(2)};
           UPDATE ${name} SET name = NULL WHERE ${hit(3)}; UPDATE ${name} SET name = left(name, 20) WHERE ${hit(4)};
           INSERT INTO ${name} SELECT 1000 + g, 'added', 1, 1000 + g FROM generate_series(1, ${added}) g`,
          );
          const fate = (await kept.compare()).tables.find((one) => one.table === `public.${name}`);
          expect(fate).toMatchObject({ rows_before: rows, rows_lost: count(1), rows_added: added });
          expect(fate?.columns[1]).toMatchObject({
            changed: count(2) + count(4),
            truncated: count(4),
            nulled: count(3),
            gained: 0,
          });
          expect(fate?.columns[2]).toMatchObject({ changed: 0, nulled: 0 });
          await runSql(address, `DROP TABLE ${name}`);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('finds one row that is another one among a million', async () => {
    const fate = await bench.table(
      `CREATE TABLE users (id int PRIMARY KEY, name text, age int);
       INSERT INTO users SELECT g, 'name ' || g, g % 100 FROM generate_series(1, 1000000) g`,
      'ALTER TABLE users ALTER id TYPE bigint; UPDATE users SET age = age + 1 WHERE id = 777777',
    );
    expect(fate).toMatchObject({
      rows_before: 1_000_000,
      rows_after: 1_000_000,
      rows_lost: 0,
      rows_added: 0,
    });
    expect(fate.columns.map(brief)).toEqual([
      { filled: 1_000_000 },
      { filled: 1_000_000 },
      { filled: 1_000_000, changed: 1 },
    ]);
    expect(fate.columns[2]?.examples).toEqual(['777777']);
  });
});
