import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSmallServer } from '../testing/small-server.ts';
import type { ScratchServer } from '../server/types.ts';
import { openSession } from './apply-session.ts';
import { measureGrowth } from './growth.ts';
import { madeFile } from './testing/made-file.ts';

/** Twenty times as long as the time between two looks. */
const COPY_FOR_A_WHILE = `CREATE PROCEDURE copy_for_a_while() LANGUAGE plpgsql AS $$ BEGIN
  CREATE TABLE copied AS SELECT * FROM users; COMMIT; PERFORM pg_sleep(0.04); DROP TABLE copied; COMMIT; END $$`;

describe('a migration at several sizes', { timeout: 120_000 }, () => {
  let server: ScratchServer;

  beforeAll(async () => {
    server = await startSmallServer();
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function grow(statement: string, blocked?: (rows: number) => number, runs = 1) {
    await using undo = new AsyncDisposableStack();
    const sizes = [];
    for (const rows of [100, 1000, 10_000]) {
      const template = undo.use(await server.create());
      await using session = await openSession(template.address, 'test');
      await session.client.query(
        `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT g, 'name' FROM generate_series(1, ${rows}) g;
         ${COPY_FOR_A_WHILE}`,
      );
      sizes.push({ rows, template, runs });
    }
    const up = madeFile(...statement.split('; '));
    const migration = { up, in_transaction: !statement.startsWith('CALL') };
    return await measureGrowth({
      server,
      migration,
      sizes,
      ...(blocked === undefined
        ? {}
        : {
            blocked: async (address) => {
              await using session = await openSession(address, 'test');
              const { rows } = await session.client.query<{ rows: number }>(
                'SELECT count(*)::int AS rows FROM users',
              );
              return blocked(rows[0]?.rows ?? 0);
            },
          }),
    });
  }

  test('writes as much of the log as it rewrites', async () => {
    const points = await grow('ALTER TABLE users ALTER id TYPE bigint', (rows) => rows / 10);
    expect(points.map(({ rows, blocked_longest_ms }) => [rows, blocked_longest_ms])).toEqual([
      [100, 10],
      [1000, 100],
      [10_000, 1000],
    ]);
    const [, hundreds = 0, thousands = 0] = points.map(({ wal_bytes }) => wal_bytes);
    // A row of it takes some 30 bytes of the table, and an entry of its index 20.
    expect(thousands - hundreds).toBeGreaterThan(9000 * 50);
    expect(thousands - hundreds).toBeLessThan(9000 * 200);
  });

  test('writes the same whatever the size where it only changes the catalogue', async () => {
    const points = await grow('ALTER TABLE users ADD nick text');
    const bytes = points.map(({ wal_bytes }) => wal_bytes);
    expect(Math.max(...bytes)).toBeLessThan(100_000);
  });

  test('holds the old and the new file at once while it rewrites, and neither afterwards', async () => {
    const points = await grow('ALTER TABLE users ALTER id TYPE bigint');
    const { disk_bytes = NaN, disk_peak_bytes = NaN } = points.at(-1) ?? {};
    // 10,000 rows take some 45 pages, and the index 30.
    expect(disk_peak_bytes).toBeGreaterThan(60 * 8192);
    expect(disk_peak_bytes).toBeLessThan(150 * 8192);
    // bigint stands where int was followed by nothing.
    expect(Math.abs(disk_bytes)).toBeLessThan(20 * 8192);
  });

  test('is looked at while it runs where it ends transactions itself, as what it takes meanwhile is gone at its end', async () => {
    const points = await grow('CALL copy_for_a_while()');
    for (const { rows, disk_bytes = NaN, disk_peak_bytes = NaN } of points) {
      // A row takes 36 bytes.
      expect(disk_peak_bytes).toBeGreaterThan(rows * 30);
      expect(disk_peak_bytes).toBeGreaterThan(disk_bytes + rows * 20);
    }
  });

  test('keeps an index that it builds', async () => {
    const points = await grow('CREATE INDEX users_name ON users (name)');
    const { disk_bytes = NaN, disk_peak_bytes = NaN } = points.at(-1) ?? {};
    expect(disk_bytes).toBeGreaterThan(5 * 8192);
    expect(disk_peak_bytes).toBeGreaterThanOrEqual(disk_bytes);
  });

  test('counts the pages that it looks at: none for a column, all for a check', async () => {
    const column = await grow('ALTER TABLE users ADD nick text');
    expect(column.map(({ pages_read }) => pages_read)).toEqual([0, 0, 0]);
    const check = await grow('ALTER TABLE users ADD CHECK (id > 0)');
    expect(check.at(-1)?.pages_read).toBeGreaterThan(40);
    // What was read of a table that is gone cannot be counted.
    const gone = await grow('SELECT count(*) FROM users; DROP TABLE users');
    expect(gone.map(({ pages_read }) => pages_read)).toEqual([undefined, undefined, undefined]);
  });

  test('is run as often as was asked for, and waits are taken again where there are any', async () => {
    const points = await grow('ALTER TABLE users ADD nick text', () => 80, 3);
    expect(points.map(({ durations_ms, blocked_ms }) => [durations_ms?.length, blocked_ms?.length])).toEqual([
      [3, 2],
      [3, 2],
      // The first that is measured tells whether there are any.
      [3, undefined],
    ]);
    const nobody = await grow('ALTER TABLE users ADD nick text', () => 1, 3);
    expect(nobody.map(({ blocked_ms }) => blocked_ms)).toEqual([undefined, undefined, undefined]);
  });

  test('that is refused at a size has no growth', async () => {
    await expect(grow(`ALTER TABLE users ADD CHECK (id < 1000)`)).rejects.toThrow(
      'with 10000 rows the migration does not run through',
    );
  });
});
