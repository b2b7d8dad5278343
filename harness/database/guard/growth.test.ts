import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSmallServer } from '../testing/small-server.ts';
import type { ScratchServer } from '../server/types.ts';
import { openSession } from './apply-session.ts';
import { measureGrowth } from './growth.ts';
import { madeFile } from './testing/made-file.ts';

describe('a migration at several sizes', { timeout: 120_000 }, () => {
  let server: ScratchServer;

  beforeAll(async () => {
    server = await startSmallServer();
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function grow(statement: string, blocked?: (rows: number) => number) {
    await using undo = new AsyncDisposableStack();
    const sizes = [];
    for (const rows of [100, 1000, 10_000]) {
      const template = undo.use(await server.create());
      await using session = await openSession(template.address, 'test');
      await session.client.query(
        `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT g, 'name' FROM generate_series(1, ${rows}) g`,
      );
      sizes.push({ rows, template });
    }
    const migration = { up: madeFile(statement), in_transaction: true };
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
    const { points } = await grow('ALTER TABLE users ALTER id TYPE bigint', (rows) => rows / 10);
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
    const { points } = await grow('ALTER TABLE users ADD nick text');
    const bytes = points.map(({ wal_bytes }) => wal_bytes);
    expect(Math.max(...bytes)).toBeLessThan(100_000);
  });

  test('that is refused at a size has no growth', async () => {
    await expect(grow(`ALTER TABLE users ADD CHECK (id < 1000)`)).rejects.toThrow(
      'with 1000 rows the migration does not run through',
    );
  });
});
