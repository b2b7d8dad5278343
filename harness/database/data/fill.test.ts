import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import { askBy } from '../ask.ts';
import { contentOf } from '../content.ts';
import { clientEnv, nameOf } from '../server/address.ts';
import { openClient } from '../server/client.ts';
import { clientPrograms } from '../server/clients.ts';
import { startSmallServer } from '../testing/small-server.ts';
import type { Address, ScratchDatabase, ScratchServer } from '../server/types.ts';
import { fillDatabase, sourceVersion } from './fill.ts';
import { refuseFullDisk } from './space.ts';

const { signal } = new AbortController();
/** PostgreSQL 15 has a program for it on machines that tests run on. */
const SOURCE_VERSION = '15';
const programs = await clientPrograms(Number(SOURCE_VERSION));

/** What a dump may hold, and what is hard about it. */
const SCHEMA = String.raw`
CREATE ROLE "shop owner";
CREATE SCHEMA shop AUTHORIZATION "shop owner";
CREATE EXTENSION citext;
CREATE TYPE shop.state AS ENUM ('new', 'it''s paid');
CREATE TABLE shop.users (id bigserial PRIMARY KEY, email citext UNIQUE NOT NULL, "odd;name" text, state shop.state);
CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL REFERENCES shop.users,
  note text, payload bytea, amounts numeric[], at timestamptz, doubled int GENERATED ALWAYS AS (length(note) * 2) STORED);
CREATE INDEX ON shop.orders (user_id) WHERE note IS NOT NULL;
CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; END;
CREATE FUNCTION shop.two() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, ';'); RETURN NEW; END $$;
CREATE TRIGGER two BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.two();
CREATE VIEW shop.names AS SELECT "odd;name" AS name FROM shop.users;
ALTER TABLE shop.users OWNER TO "shop owner";
GRANT SELECT ON shop.orders TO "shop owner";
COMMENT ON TABLE shop.users IS 'it''s a \. comment;';
INSERT INTO shop.users (email, "odd;name", state)
  SELECT 'User' || i || '@example.org', CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN E'a\tb\\.\n\\.\nc' WHEN 2 THEN '' ELSE 'żółć 🙂' END,
    'it''s paid' FROM generate_series(1, 500) AS i;
INSERT INTO shop.orders (user_id, note, payload, amounts, at)
  SELECT 1 + i % 500, repeat('x', i % 50), decode(md5(i::text), 'hex'), ARRAY[i, NULL, 1.5], '2026-01-01'::timestamptz + i * interval '1 hour'
  FROM generate_series(1, 5000) AS i;`;

const FILLED = [
  { table: 'shop.orders', rows: 5000, bytes: expect.any(Number) },
  { table: 'shop.users', rows: 500, bytes: expect.any(Number) },
];

async function contentIn(address: Address): Promise<unknown> {
  await using client = await openClient(address);
  const { constraints, ...content } = await contentOf(askBy(client), { schemas: ['shop'] });
  // Servers since 18 count what must not be NULL among the constraints; the columns say it everywhere.
  const named = Object.entries(constraints).filter(([, definition]) => !definition.startsWith('NOT NULL'));
  return { ...content, constraints: Object.fromEntries(named) };
}

async function refused(act: Promise<unknown>): Promise<UsageError | UnfitError> {
  const thrown: unknown = await act.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof UsageError || thrown instanceof UnfitError) return thrown;
  throw new Error(`it was not refused: ${messageOf(thrown)}`);
}

async function databasesOf(server: ScratchServer): Promise<unknown> {
  await using database = await server.create();
  await using client = await openClient(database.address);
  const { rows } = await client.query(
    `SELECT count(*)::int - 1 AS others FROM pg_database WHERE datname LIKE 'guard%'`,
  );
  return rows[0];
}

let folder: string;
let server: ScratchServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-fill-'));
  server = await startSmallServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function given(name: string, text: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe.skipIf(programs === undefined)('what a server held', () => {
  let source: ScratchServer;
  let origin: ScratchDatabase;
  let content: unknown;
  const dump = (name: string, ...args: readonly string[]): string => {
    const path = join(folder, name);
    execFileSync(join(programs?.folder ?? '', 'pg_dump'), [...args, `--file=${path}`], {
      env: { ...process.env, ...clientEnv(origin.address) },
    });
    return path;
  };

  beforeAll(async () => {
    source = await startSmallServer(SOURCE_VERSION);
    origin = await source.create();
    await using client = await openClient(origin.address);
    await client.query(SCHEMA);
    content = await contentIn(origin.address);
  }, 120_000);
  afterAll(() => source[Symbol.asyncDispose]());

  test.each([
    ['plain SQL', ['--format=plain']],
    ['INSERT statements', ['--format=plain', '--inserts', '--rows-per-insert=7']],
    ['its own database', ['--format=plain', '--create']],
    ['the custom format', ['--format=custom']],
    ['the directory format', ['--format=directory']],
    ['the tar format', ['--format=tar']],
  ])('comes from a dump in %s', { timeout: 60_000 }, async (name, args) => {
    const path = dump(name.replaceAll(' ', '-'), ...args);
    const { template, facts } = await fillDatabase(server, { source: 'dump', path }, { signal });
    expect(await contentIn(template.address)).toEqual(content);
    expect(facts).toEqual({ source: 'dump', from: name.replaceAll(' ', '-'), tables: FILLED });
    expect(await sourceVersion({ source: 'dump', path })).toBe(source.version);
    // Nobody is connected, so it can be copied; and what the dump holds beside rows works.
    await using copy = await server.create({ template });
    await using client = await openClient(copy.address);
    await client.query(`INSERT INTO shop.users (email) VALUES ('new@example.org')`);
    const { rows } =
      await client.query(`SELECT max(id)::int AS id, shop.one(), obj_description('shop.users'::regclass) AS comment,
      (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'shop.users'::regclass) AS owner FROM shop.users`);
    expect(rows).toEqual([{ id: 501, one: 1, comment: `it's a \\. comment;`, owner: '"shop owner"' }]);
    await template[Symbol.asyncDispose]();
  });

  test('comes from the live database, which is only read', { timeout: 60_000 }, async () => {
    await using watcher = await openClient({ ...origin.address, database: 'postgres' });
    const writes = async (): Promise<unknown> => {
      await watcher.query('SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()');
      const { rows } = await watcher.query(
        `SELECT tup_inserted, tup_updated, tup_deleted FROM pg_stat_database WHERE datname = $1`,
        [origin.address.database],
      );
      return rows[0];
    };
    const written = await writes();
    const { template, facts } = await fillDatabase(
      server,
      { source: 'live', address: origin.address },
      { signal },
    );
    expect(await contentIn(template.address)).toEqual(content);
    expect(facts).toEqual({ source: 'live', from: nameOf(origin.address), tables: FILLED });
    expect(JSON.stringify(facts)).not.toContain(origin.address.password);
    expect(await contentIn(origin.address)).toEqual(content);
    expect(await writes()).toEqual(written);
    expect(await sourceVersion({ source: 'live', address: origin.address })).toBe(source.version);
    await template[Symbol.asyncDispose]();
  });

  test('is one moment of the live database, and locks nobody out', { timeout: 60_000 }, async () => {
    await using writer = await openClient(origin.address);
    const stop = new AbortController();
    let written = 0;
    const writing = (async () => {
      while (!stop.signal.aborted) {
        await writer.query('BEGIN');
        await writer.query(`UPDATE shop.users SET "odd;name" = 'one moment ' || $1 WHERE id <= 2`, [written]);
        await writer.query('COMMIT');
        written += 1;
      }
    })();
    const { template } = await fillDatabase(server, { source: 'live', address: origin.address }, { signal });
    stop.abort();
    await writing;
    expect(written).toBeGreaterThan(10);
    await using client = await openClient(template.address);
    const { rows } = await client.query(
      'SELECT count(DISTINCT "odd;name")::int AS moments FROM shop.users WHERE id <= 2',
    );
    expect(rows).toEqual([{ moments: 1 }]);
    await template[Symbol.asyncDispose]();
    content = await contentIn(origin.address);
  });

  test('is refused by an older server before anything is made', { timeout: 120_000 }, async () => {
    await using older = await startSmallServer('14');
    for (const request of [
      { source: 'dump', path: dump('newer.sql') },
      { source: 'dump', path: dump('newer.dump', '--format=custom') },
      { source: 'live', address: origin.address },
    ] as const) {
      const error = await refused(fillDatabase(older, request, { signal }));
      expect(error.message).toMatch(
        /is of PostgreSQL 15\S*, newer than the server that it would be tried on \(14\.\d+\)/,
      );
      expect(error.next).toContain('15');
    }
    expect(await databasesOf(older)).toEqual({ others: 0 });
  });
});

describe('a dump that cannot be used', () => {
  test('is told by file and line, without what its rows hold, and leaves no database', async () => {
    const before = await databasesOf(server);
    const path = await given(
      'bad.sql',
      `CREATE TABLE t (id int);\n\nCOPY t (id) FROM stdin;\n1\n2\nsecret\n\\.\n`,
    );
    const error = await refused(fillDatabase(server, { source: 'dump', path }, { signal }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(
      new RegExp(`^${path}:6:1: the server refuses the dump: .*copy of t, column id`),
    );
    expect(JSON.stringify([error.message, error.next, error.cause])).not.toContain('secret');
    const wrong = await given(
      'wrong.sql',
      'CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);\n\nSELECT nothing FROM t;\n',
    );
    expect((await refused(fillDatabase(server, { source: 'dump', path: wrong }, { signal }))).message).toBe(
      `${wrong}:4:1: the server refuses the dump: column "nothing" does not exist`,
    );
    expect(await databasesOf(server)).toEqual(before);
  });

  test('needs an extension that is not there', async () => {
    const path = await given('geo.sql', 'CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n');
    const error = await refused(fillDatabase(server, { source: 'dump', path }, { signal }));
    expect(error).toBeInstanceOf(UnfitError);
    expect(error.message).toBe(
      `the dump ${path} needs the extension postgis, which this PostgreSQL does not have`,
    );
  });

  test('includes other files', async () => {
    const path = await given('include.sql', 'SELECT 1;\n\\i other.sql\n');
    expect((await refused(fillDatabase(server, { source: 'dump', path }, { signal }))).message).toBe(
      `${path}:2:1: \\i is a command of psql that is not followed here`,
    );
  });

  test('is of a version whose programs nobody has', async () => {
    // The head of an archive of pg_dump 17, made newer than all programs.
    const head = Buffer.concat([
      Buffer.from('PGDMP'),
      Buffer.from([1, 16, 0, 4, 8, 1, 0]),
      Buffer.alloc(7 * 5),
      ...['shop', '18.99', '18.99'].map((text) =>
        Buffer.concat([Buffer.from([0, text.length, 0, 0, 0]), Buffer.from(text)]),
      ),
    ]);
    const path = await given('newer.dump', head);
    const error = await refused(fillDatabase(server, { source: 'dump', path }, { signal }));
    if ((await clientPrograms(18)) !== undefined) return;
    expect(error).toBeInstanceOf(UnfitError);
    expect(error.message).toContain('is an archive of PostgreSQL 18.99, which needs pg_restore 18 or newer');
    expect(error.next).toContain('postgresql-client-18');
  });

  test('is cut off', async () => {
    const whole = `--\n-- PostgreSQL database dump\n--\nCREATE TABLE t (id int);\n${'SELECT 1;\n'.repeat(1000)}`;
    const between = await given('cut.sql', whole);
    expect((await refused(fillDatabase(server, { source: 'dump', path: between }, { signal }))).message).toBe(
      `the dump ${between} is cut off: its last line is missing`,
    );
    const packed = await given('cut.sql.gz', gzipSync(whole).subarray(0, 100));
    expect((await refused(fillDatabase(server, { source: 'dump', path: packed }, { signal }))).message).toBe(
      `the dump ${packed} cannot be read: unexpected end of file`,
    );
  });

  test('begins with a byte order mark, which psql skips', async () => {
    const path = await given('marked.sql', '\u{FEFF}CREATE TABLE t (id int);\n');
    const { template, facts } = await fillDatabase(server, { source: 'dump', path }, { signal });
    expect(facts.tables).toMatchObject([{ table: 'public.t' }]);
    await template[Symbol.asyncDispose]();
  });

  test('settings that a newer pg_dump writes are no reason to refuse it, and packed ones are read', async () => {
    const path = await given(
      'small.sql.gz',
      gzipSync(
        `SET transaction_timeout_of_tomorrow = 0;\nCREATE TABLE t (id int);\nINSERT INTO t VALUES (1);\n`,
      ),
    );
    const { template, facts } = await fillDatabase(server, { source: 'dump', path }, { signal });
    expect(facts.tables).toMatchObject([{ table: 'public.t', rows: 1 }]);
    await template[Symbol.asyncDispose]();
  });
});

test('a live database that cannot be reached is named without its password', async () => {
  const address = { host: '127.0.0.1', port: 1, user: 'app', password: 'hunter2', database: 'shop' };
  const error = await refused(fillDatabase(server, { source: 'live', address }, { signal }));
  expect(error.message).toBe('the database 127.0.0.1:1/shop cannot be reached: nobody listens there');
});

test('what does not fit on the disk is refused with the figures', async () => {
  const error = await refused(refuseFullDisk(server, 1e15, 'the dump huge.sql'));
  expect(error).toBeInstanceOf(UnfitError);
  expect(error.message).toMatch(
    /^the dump huge\.sql does not fit: \d+ MiB are free and about 2861022949 MiB are needed/,
  );
  await refuseFullDisk(server, 1, 'the dump small.sql');
});

test('a database may be empty but for its schema', async () => {
  const { template, facts } = await fillDatabase(
    server,
    {
      source: 'empty',
      makeSchema: async (address) => {
        await using client = await openClient(address);
        await client.query('CREATE TABLE t (id int)');
      },
    },
    { signal },
  );
  expect(facts).toEqual({
    source: 'empty',
    from: 'nothing',
    tables: [{ table: 'public.t', rows: 0, bytes: 0 }],
  });
  await template[Symbol.asyncDispose]();
});

test('a large dump is held in pieces', { timeout: 60_000 }, async () => {
  const path = join(folder, 'large.sql');
  const row = `${'x'.repeat(1000)}\n`;
  await writeFile(path, `CREATE TABLE t (v text);\nCOPY t FROM stdin;\n${row.repeat(60_000)}\\.\n`);
  const size = (await readFile(path)).length;
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before);
  }, 10);
  const { template, facts } = await fillDatabase(server, { source: 'dump', path }, { signal });
  clearInterval(look);
  expect(facts.tables).toMatchObject([{ rows: 60_000 }]);
  expect(most).toBeLessThan(size);
  await template[Symbol.asyncDispose]();
});
