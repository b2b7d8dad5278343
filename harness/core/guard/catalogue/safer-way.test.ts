import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientConfig } from '#harness/database/server/address.ts';
import { startSmallServer } from '#harness/database/testing/small-server.ts';
import { readSql } from '#harness/database/sql/read.ts';
import { saferWay, saferWayFor } from './safer-way.ts';

const held = new AsyncDisposableStack();
let client: pg.Client;
let schemas = 0;
beforeAll(async () => {
  const server = held.use(await startSmallServer());
  client = new pg.Client(clientConfig(held.use(await server.create()).address));
  await client.connect();
  held.defer(() => client.end());
});
afterAll(async () => {
  await held.disposeAsync();
});

const PREPARED = `
CREATE TABLE org (id int PRIMARY KEY, title text);
INSERT INTO org SELECT n, 'org ' || n FROM generate_series(1, 50) n;
CREATE TABLE "Users" (
  id int PRIMARY KEY, name text NOT NULL DEFAULT 'nobody', "Select" text, org int, state text NOT NULL DEFAULT 'new'
);
INSERT INTO "Users" SELECT n, 'name ' || n, 'text ' || n, n % 50 + 1, 'new' FROM generate_series(1, 200) n;
CREATE VIEW v AS SELECT id FROM "Users";
CREATE FUNCTION answer(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE INDEX "Users_name" ON "Users" (name);
`;

/** Statements that are repeated until they change nothing are: as somebody who follows the way does. */
async function follow(sql: string): Promise<void> {
  for (const { text } of (await readSql('safer.sql', sql)).statements) {
    const repeats = text.includes('LIMIT 5000') && text.startsWith('UPDATE');
    for (;;) {
      const { rowCount } = await client.query(text);
      if (!repeats || rowCount === 0) break;
    }
  }
}

async function wayOf(statement: string): Promise<string> {
  const [first] = (await readSql('up.sql', statement)).statements;
  const way = first?.does.flatMap((meaning) => saferWay(meaning, () => 'text') ?? [])[0];
  if (way === undefined) throw new Error(`no safer way of ${statement}`);
  return way.sql;
}

/** Each in a schema of its own: that is made in a moment, where a database is not. */
async function inDatabase<Value>(work: () => Promise<Value>): Promise<Value> {
  schemas += 1;
  await client.query(`CREATE SCHEMA s${schemas}; SET search_path = s${schemas}; RESET lock_timeout;`);
  await client.query(PREPARED);
  return work();
}

async function one(sql: string): Promise<unknown> {
  const { rows } = await client.query<Record<string, unknown>>(sql);
  return Object.values(rows[0] ?? {})[0];
}

describe('safer ways, followed on a server', () => {
  test.for<[statement: string, look: string, expected: unknown]>([
    [
      'ALTER TABLE "Users" RENAME COLUMN name TO full_name',
      `SELECT count(*)::int FROM "Users" WHERE full_name = name_old`,
      200,
    ],
    [
      'ALTER TABLE "Users" ALTER COLUMN "Select" SET NOT NULL',
      `SELECT attnotnull FROM pg_attribute WHERE attrelid = '"Users"'::regclass AND attname = 'Select'`,
      true,
    ],
    [
      'ALTER TABLE "Users" ALTER COLUMN org TYPE bigint',
      `SELECT count(*)::int FROM "Users" WHERE org = id % 50 + 1 AND pg_typeof(org) = 'bigint'::regtype`,
      200,
    ],
    [
      `ALTER TABLE "Users" ALTER COLUMN "Select" TYPE json USING to_json(nullif("Select", 'text 7'))`,
      `SELECT count("Select")::int FROM "Users"`,
      199,
    ],
    [
      'ALTER TABLE "Users" ALTER COLUMN name TYPE varchar(6) USING name::varchar(6)',
      `SELECT count(*)::int FROM "Users"`,
      200,
    ],
    [
      'ALTER TABLE "Users" ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()',
      `SELECT count(DISTINCT token)::int FROM "Users"`,
      200,
    ],
    ['ALTER TABLE "Users" ADD COLUMN number serial', `SELECT count(DISTINCT number)::int FROM "Users"`, 200],
    [
      'ALTER TABLE "Users" ADD COLUMN lower_name text GENERATED ALWAYS AS (lower(name)) STORED',
      `SELECT count(*)::int FROM "Users" WHERE lower_name = lower(name)`,
      200,
    ],
    [
      'ALTER TABLE "Users" ADD FOREIGN KEY (org) REFERENCES org (id)',
      `SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema::regnamespace`,
      true,
    ],
    [
      'ALTER TABLE "Users" ADD CHECK (org > 0)',
      `SELECT convalidated FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema::regnamespace`,
      true,
    ],
    [
      'ALTER TABLE "Users" ADD CONSTRAINT once UNIQUE (name)',
      `SELECT conname FROM pg_constraint WHERE contype = 'u' AND connamespace = current_schema::regnamespace`,
      'once',
    ],
    [
      'CREATE INDEX "Users_state" ON "Users" (state) WHERE state <> \'done\'',
      `SELECT indisvalid FROM pg_index WHERE indexrelid = '"Users_state"'::regclass`,
      true,
    ],
    ['DROP INDEX "Users_name"', `SELECT to_regclass('"Users_name"')`, null],
    ['REINDEX TABLE "Users"', `SELECT count(*)::int FROM "Users"`, 200],
    ['DELETE FROM "Users"', `SELECT count(*)::int FROM pg_index WHERE indrelid = '"Users"'::regclass`, 2],
    [
      'TRUNCATE "Users"',
      `SELECT (SELECT count(*) FROM "Users_old")::int - (SELECT count(*) FROM "Users")::int`,
      200,
    ],
    [`DELETE FROM "Users" WHERE id > 150`, `SELECT count(*)::int FROM "Users_deleted"`, 50],
    [
      `ALTER TYPE mood ADD VALUE 'happy'`,
      `SELECT count(*)::int FROM pg_enum WHERE enumtypid = 'mood'::regtype`,
      3,
    ],
    [
      `ALTER TYPE mood RENAME VALUE 'ok' TO 'well'`,
      `SELECT count(*)::int FROM pg_enum WHERE enumtypid = 'mood'::regtype`,
      3,
    ],
    ['ALTER VIEW v RENAME TO w', `SELECT count(*)::int FROM w`, 200],
    [
      'DROP FUNCTION answer(int)',
      `SELECT count(*)::int FROM pg_proc WHERE proname ~ '^answer' AND pronamespace = current_schema::regnamespace`,
      0,
    ],
    ['VACUUM FULL "Users"', `SELECT count(*)::int FROM "Users"`, 200],
    ['LOCK TABLE "Users" IN SHARE MODE', `SELECT count(*)::int FROM "Users"`, 200],
  ])('%s', async ([statement, look, expected]) => {
    const way = await wayOf(statement);
    const found = await inDatabase(async () => {
      await follow(way);
      return one(look);
    });
    expect(found).toBe(expected);
  });

  test('a value that is written to one of two names while both live is found under the other', async () => {
    const way = await wayOf('ALTER TABLE "Users" RENAME COLUMN name TO full_name');
    const [expand = ''] = way.split('-- Contract');
    const found = await inDatabase(async () => {
      await follow(expand);
      await client.query(`INSERT INTO "Users" (id, name) VALUES (1001, 'by the old one')`);
      await client.query(`INSERT INTO "Users" (id, full_name) VALUES (1002, 'by the new one')`);
      await client.query(`UPDATE "Users" SET name = 'old again' WHERE id = 1`);
      await client.query(`UPDATE "Users" SET full_name = 'new again' WHERE id = 2`);
      return one(
        `SELECT json_agg(ARRAY[name, full_name] ORDER BY id) FROM "Users" WHERE id IN (1, 2, 1001, 1002)`,
      );
    });
    expect(found).toEqual([
      ['old again', 'old again'],
      ['new again', 'new again'],
      ['by the old one', 'by the old one'],
      ['by the new one', 'by the new one'],
    ]);
  });

  test('the old release writes through the view that a renamed table leaves behind', async () => {
    const way = await wayOf('ALTER TABLE "Users" RENAME TO people');
    const [expand = ''] = way.split('-- Contract');
    const found = await inDatabase(async () => {
      await follow(expand);
      await client.query(`INSERT INTO "Users" (id, name) VALUES (1001, 'by the old one')`);
      return one(`SELECT count(*)::int FROM people`);
    });
    expect(found).toBe(201);
  });

  test('a table and a column that are put aside keep what they held', async () => {
    const [column, table] = await Promise.all([
      wayOf('ALTER TABLE "Users" DROP COLUMN name'),
      wayOf('DROP TABLE org'),
    ]);
    const found = await inDatabase(async () => {
      await follow(column.split('-- 3.')[0] ?? '');
      await follow(table.split('-- A release later')[0] ?? '');
      return one(`SELECT (SELECT count(name_old) FROM "Users")::int + (SELECT count(*) FROM org_old)::int`);
    });
    expect(found).toBe(250);
  });
});

describe('which statements have one', () => {
  test.for([
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    'DROP INDEX CONCURRENTLY i',
    'ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 5',
    'ALTER TABLE t ADD COLUMN a int',
    'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID',
    'ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i',
    'ALTER TABLE t VALIDATE CONSTRAINT c',
    'INSERT INTO t VALUES (1)',
  ])('none, because it is safe: %s', async (statement) => {
    const [first] = (await readSql('up.sql', statement)).statements;
    expect(first?.does.map((meaning) => saferWay(meaning)).filter((way) => way !== undefined)).toEqual([]);
  });

  test('every way is SQL that the parser takes, with and without the type of a column', async () => {
    const statements = (
      await readSql(
        'up.sql',
        `
      ALTER TABLE a."B c" RENAME COLUMN "x""y" TO z; ALTER TABLE a."B c" RENAME TO d; ALTER TABLE a.b SET SCHEMA c;
      ALTER TABLE a."B c" DROP COLUMN "x""y"; DROP TABLE a."B c"; DROP SCHEMA s CASCADE; DROP MATERIALIZED VIEW a.m; DROP TYPE y; DROP VIEW v CASCADE; ALTER MATERIALIZED VIEW a.m RENAME TO n; TRUNCATE a.b, c; DELETE FROM a."B c";
      UPDATE a."B c" SET "x""y" = upper("x""y") WHERE z IS NULL; ALTER TABLE p DETACH PARTITION p1; CLUSTER a.b USING i;
      ALTER TABLE a.b SET LOGGED, SET TABLESPACE fast; ALTER TABLE a.b ADD PRIMARY KEY (x, y);
      ALTER TABLE a.b ADD EXCLUDE USING gist (c WITH &&); ALTER TABLE a.b ADD COLUMN c int REFERENCES d (e);
      ALTER TABLE a.b ADD COLUMN c int NOT NULL; ALTER TABLE a.b ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY;
    `,
      )
    ).statements;
    const ways = statements.map(({ does, text }) => ({
      text,
      sql: does.flatMap((meaning) =>
        [saferWay(meaning), saferWay(meaning, () => 'text')].flatMap((way) => way?.sql ?? []),
      ),
    }));
    expect(ways.filter(({ sql }) => sql.length === 0)).toEqual([]);
    const parsed = await Promise.all(ways.flatMap(({ sql }) => sql).map((sql) => readSql('way.sql', sql)));
    expect(parsed.filter((way) => way.statements.length === 0)).toEqual([]);
  });

  test('no way does again what it is to avoid: scans, rewrites and builds under a lock, rows changed all at once', async () => {
    const { statements } = await readSql(
      'up.sql',
      `ALTER TABLE t ADD CHECK (a > 0); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u; ALTER TABLE t ADD UNIQUE (a);
      ALTER TABLE t ADD PRIMARY KEY (a, b); CREATE INDEX i ON t (a); DROP INDEX i; REINDEX TABLE t;
      ALTER TABLE t ADD COLUMN c uuid DEFAULT gen_random_uuid(); ALTER TABLE t ADD COLUMN c serial;
      ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + 1) STORED; ALTER TABLE t ALTER COLUMN a TYPE bigint;
      UPDATE t SET a = 1; ALTER TABLE p DETACH PARTITION q; TRUNCATE t; DELETE FROM t;`,
    );
    const ways = statements.flatMap(({ does }) => does.flatMap((meaning) => saferWay(meaning)?.sql ?? []));
    expect(ways).toHaveLength(statements.length);
    const done = (await Promise.all(ways.map((sql) => readSql('way.sql', sql)))).flatMap((way) =>
      way.statements.flatMap(({ does }) => does),
    );
    const harmful = done.filter((it) => {
      if (it.does === 'add-constraint') return !it.not_valid && !it.using_index;
      if (it.does === 'create-index' || it.does === 'drop-index' || it.does === 'detach-partition')
        return !it.concurrently;
      if (it.does === 'add-column') return it.default !== 'none' || it.generated !== undefined || it.not_null;
      if (it.does === 'reindex') return !it.concurrently;
      if (it.does === 'update' || it.does === 'delete') return !it.conditional;
      return it.does === 'change-type' || it.does === 'truncate' || it.does === 'rewrite-table';
    });
    expect(harmful).toEqual([]);
  });

  test('what helps depends on the check', async () => {
    const [index] = (await readSql('up.sql', 'CREATE INDEX CONCURRENTLY i ON t (a)')).statements;
    if (index === undefined) throw new Error('no statement');
    expect(saferWayFor('lock-queue', index)?.sql).toContain('lock_timeout');
    expect(saferWayFor('residue', index)?.sql).toContain('DROP INDEX CONCURRENTLY IF EXISTS i;');
    expect(saferWayFor('writers-blocked', index)).toBeUndefined();
  });
});
