import { describe, expect, test } from 'vitest';
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { WrittenFacts } from '#harness/core/guard/load-facts.ts';
import { madeColumn, madeTable } from '#harness/judge/guard/testing/made-guard.ts';
import { embedded } from '../../testing/embedded.ts';
import { openSession } from '../apply-session.ts';
import { openWriteLog, WriteLog } from './write-log.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name varchar(40) NOT NULL, n int NOT NULL DEFAULT 0, "note it's" text);
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 50) g;
CREATE TABLE bare (a int, b text, ok boolean);
INSERT INTO bare VALUES (9, 'nine', true);
CREATE TABLE tags (id int NOT NULL, tag text NOT NULL, note text, UNIQUE (id, tag));
INSERT INTO tags VALUES (2, 'old', NULL);
CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE kinds (b boolean PRIMARY KEY, i bigint, d numeric(6, 2), f float8, t timestamptz, j jsonb, x bytea,
  a int[], v bit(3), u uuid, c char(6), big text, g int GENERATED ALWAYS AS (1 + 1) STORED);
ALTER TABLE kinds ALTER big SET STORAGE EXTERNAL;
`;
const COPY = 'CREATE TABLE users_new (LIKE users INCLUDING ALL); INSERT INTO users_new SELECT * FROM users';
const SWAP = 'ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users';

/** What became of `users`, whose name is another one now. */
const renamedTo = (...columns: readonly [string, Parameters<typeof madeColumn>[1]][]) => ({
  tables: [
    madeTable({ now: 'public.people', columns: columns.map(([name, more]) => madeColumn(name, more)) }),
  ],
});

describe('what the releases wrote', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  /** `m:` before a text says that the migration sends it, the others are sent by a release. */
  async function after(texts: readonly string[], content?: ContentFacts): Promise<WrittenFacts> {
    await using database = await made.copy();
    await using log = await WriteLog.open(database.address);
    await using migrating = await openSession(database.address, 'mettle migration');
    await log.leaveOut(migrating);
    await using release = await openSession(database.address, 'mettle old writers');
    for (const text of texts) {
      const is_own = text.startsWith('m:');
      await (is_own ? migrating : release).client.query(is_own ? text.slice(2) : text);
    }
    return await log.compare(content);
  }

  test('is there, and in every type as it was written', async () => {
    const value = `(true, -7, 1.50, 'NaN', '2026-05-04 03:02:01.5+00', '{"a": "it''s"}', '\\x00ff', '{1,NULL}', B'101',
      '4b4c9a0e-3c1d-4d6b-8f59-111111111111', 'ab', repeat('long ', 2000))`;
    const found = await after([
      `INSERT INTO kinds VALUES ${value}, (false, NULL, NULL, '-Infinity', NULL, NULL, NULL, '{}', NULL, NULL, '', '')`,
      `UPDATE kinds SET i = 9 WHERE b`,
      `INSERT INTO users VALUES (51, 'it''s [text]:''new-tuple:'' id[integer]:3', 4, NULL)`,
      `UPDATE users SET id = 60, "note it's" = 'moved' WHERE id = 50`,
      `DELETE FROM users WHERE id = 49`,
      `INSERT INTO parts VALUES (1, '2026-02-03')`,
    ]);
    expect(found.not_compared).toStrictEqual([]);
    expect(found.changes).toBe(7);
    expect(found.tables).toMatchObject([
      { table: 'public.kinds', rows: 2, missing: 0, changed: 0, returned: 0 },
      { table: 'public.users', rows: 4, missing: 0, changed: 0, returned: 0 },
      { table: 'public.parts', rows: 1, missing: 0, changed: 0, returned: 0 },
    ]);
  });

  test('and is lost by a copy that takes the place of its table, told by its keys', async () => {
    const found = await after([
      `UPDATE users SET n = 1 WHERE id = 3`,
      `m:${COPY}`,
      `INSERT INTO users VALUES (51, 'between', 4, NULL)`,
      `UPDATE users SET n = 7 WHERE id = 2`,
      `DELETE FROM users WHERE id = 1`,
      `m:${SWAP}`,
      `INSERT INTO users VALUES (52, 'after it', 4, NULL)`,
    ]);
    expect(found.tables).toStrictEqual([
      {
        table: 'public.users',
        rows: 5,
        missing: 1,
        changed: 1,
        returned: 1,
        columns: ['n'],
        examples: ['id=51', 'id=2', 'id=1'],
      },
    ]);
  });

  test('is not lost where the tables stand still meanwhile', async () => {
    const found = await after([
      `INSERT INTO users VALUES (51, 'before', 4, NULL)`,
      `m:BEGIN; LOCK users; ${COPY}; ${SWAP}; COMMIT`,
      `DELETE FROM users WHERE id = 1`,
    ]);
    expect(found.tables).toMatchObject([{ rows: 2, missing: 0, changed: 0, returned: 0 }]);
  });

  test('is changed by a migration that changes what is there, and not by one that fills what was empty', async () => {
    const wrote = `INSERT INTO users VALUES (51, 'New', 4, NULL)`;
    const lower = await after([wrote, `m:UPDATE users SET name = lower(name)`]);
    expect(lower.tables).toMatchObject([{ changed: 1, columns: ['name'], examples: ['id=51'] }]);
    const filled = await after([wrote, `m:UPDATE users SET "note it's" = 'given'`]);
    expect(filled.tables).toMatchObject([{ changed: 0 }]);
  });

  test('is looked for under the names and types that the migration gives, and not where its harm is told already', async () => {
    const wrote = `INSERT INTO users VALUES (51, 'New', 4, NULL)`;
    const rename = `m:ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME name TO full_name;
      ALTER TABLE people ALTER id TYPE bigint, ALTER full_name TYPE text; UPDATE people SET full_name = 'x' WHERE id = 51`;
    const renamed = await after(
      [wrote, rename],
      renamedTo(['name', { now: 'full_name' }], ['id', {}], ['n', {}], ["note it's", {}]),
    );
    expect(renamed.tables).toMatchObject([{ rows: 1, missing: 0, changed: 1, columns: ['name'] }]);
    const told = await after(
      [wrote, rename],
      renamedTo(['name', { now: 'full_name', changed: 3 }], ['id', {}], ['n', {}], ["note it's", {}]),
    );
    expect(told.tables).toMatchObject([{ rows: 1, missing: 0, changed: 0 }]);
    const lost = { tables: [madeTable({ rows_lost: 1 })] };
    expect(await after([wrote, 'm:DELETE FROM users'], lost)).toMatchObject({ tables: [], not_compared: [] });
  });

  test('is held against the column that its name meant when it was written', async () => {
    const before = `INSERT INTO users VALUES (51, 'kept', 4, 'a note')`;
    const shuffle = `m:ALTER TABLE users RENAME name TO title; ALTER TABLE users RENAME "note it's" TO name`;
    const later = `INSERT INTO users VALUES (52, 'a title', 5, 'a name')`;
    const content = renamedTo(
      ['name', { now: 'title' }],
      ["note it's", { now: 'name' }],
      ['id', {}],
      ['n', {}],
    );
    const tables = [{ ...content.tables[0], now: 'public.users' }];
    const found = await after([before, shuffle, later], { tables: [madeTable(tables[0])] });
    expect(found.tables).toMatchObject([{ rows: 2, missing: 0, changed: 0 }]);
    const spoilt = `m:UPDATE users SET title = 'x'`;
    const changed = await after([before, shuffle, later, spoilt], { tables: [madeTable(tables[0])] });
    expect(changed.tables).toMatchObject([{ rows: 2, changed: 2, columns: ['name', 'title'] }]);
  });

  test('is not held against a type that it was not written in', async () => {
    const found = await after([
      `INSERT INTO kinds (b, i, t) VALUES (true, 1, '2026-05-04 03:02:01+00')`,
      `m:ALTER TABLE kinds ALTER t TYPE timestamp, ALTER i TYPE text USING 'no. ' || i`,
      `INSERT INTO kinds (b, i, t) VALUES (false, '2', '2026-05-04 03:02:01')`,
    ]);
    expect(found.tables).toMatchObject([{ rows: 2, missing: 0, changed: 0 }]);
  });

  test('is known by another key, or by all of its values, where there is no primary key', async () => {
    const own = [
      `INSERT INTO bare VALUES (1, 'one', true), (1, 'one', true), (2, NULL, false), (3, '', NULL)`,
      `UPDATE bare SET a = 4 WHERE a = 3`,
      `DELETE FROM bare WHERE a = 9`,
      `INSERT INTO tags VALUES (1, 'red', 'x'), (1, 'blue', 'x')`,
      `UPDATE tags SET tag = 'green' WHERE tag = 'blue'`,
      `DELETE FROM tags WHERE tag = 'old'`,
    ];
    const kept = await after([
      ...own,
      `m:UPDATE bare SET b = 'given' WHERE b IS NULL; ALTER TABLE bare ADD c int DEFAULT 1`,
    ]);
    expect(kept.not_compared).toStrictEqual([]);
    expect(kept.tables).toMatchObject([
      { table: 'public.bare', rows: 3, missing: 0, changed: 0, returned: 0 },
      { table: 'public.tags', rows: 4, missing: 0, changed: 0, returned: 0 },
    ]);
    const copied = `m:CREATE TABLE bare_new AS SELECT * FROM bare; CREATE TABLE tags_new AS SELECT * FROM tags`;
    const swapped = ['bare', 'tags'].map(
      (table) => `m:ALTER TABLE ${table} RENAME TO ${table}_old; ALTER TABLE ${table}_new RENAME TO ${table}`,
    );
    const lost = await after([copied, ...own, ...swapped]);
    expect(lost.tables).toMatchObject([
      { table: 'public.bare', rows: 3, missing: 3, examples: [] },
      {
        table: 'public.tags',
        rows: 4,
        missing: 2,
        returned: 1,
        examples: ['id=1, tag=red', 'id=1, tag=green', 'id=2, tag=old'],
      },
    ]);
  });

  test('is not compared where what its rows are known by is of another kind', async () => {
    const found = await after([
      'INSERT INTO bare VALUES (1)',
      'm:ALTER TABLE bare ALTER a TYPE text, DROP b, DROP ok',
      `INSERT INTO users VALUES (51, 'New', 4, NULL)`,
      'm:ALTER TABLE users ALTER id TYPE text',
    ]);
    expect(found).toMatchObject({
      changes: 2,
      tables: [],
      not_compared: [
        { table: 'public.bare', why: 'no column is left that its rows could be known by' },
        { table: 'public.users', why: 'what its rows are known by is gone, or of another type' },
      ],
    });
  });

  test('is forgotten where the release empties the table itself', async () => {
    const found = await after([`INSERT INTO users VALUES (51, 'New', 4, NULL)`, 'TRUNCATE users']);
    expect(found).toMatchObject({ changes: 2, tables: [] });
  });

  test('and leaves nothing on the server', async () => {
    await using database = await made.copy();
    const { log } = await openWriteLog(database.address);
    await using session = await openSession(database.address, 'test');
    const count = async () => {
      const { rows } = await session.client.query<{ count: string }>(
        'SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_replication_origin) AS count',
      );
      return Number(rows[0]?.count);
    };
    expect(await count()).toBe(2);
    await log?.[Symbol.asyncDispose]();
    await expect.poll(count).toBe(0);
  });
});
