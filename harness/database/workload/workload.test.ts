import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import type { ReleaseSide } from '#harness/core/guard/load-facts.ts';
import { openSession } from '../guard/apply-session.ts';
import type { Address } from '../server/types.ts';
import { embedded } from '../testing/embedded.ts';
import { readSqlRelease } from './read-sql.ts';
import { startWorkload } from './start.ts';
import type { RunningWorkload } from './types.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 200) g;
CREATE TABLE visits (id int PRIMARY KEY, user_id int NOT NULL);
CREATE FUNCTION visit(u int) RETURNS int LANGUAGE sql AS 'UPDATE users SET n = n + 1 WHERE id = u RETURNING n';
`;

interface StartOptions {
  readonly rate_per_s?: number;
  readonly side?: ReleaseSide;
  readonly signal?: AbortSignal;
}

async function start(
  address: Address,
  text: string,
  { rate_per_s = 200, side = 'old', signal }: StartOptions = {},
): Promise<RunningWorkload> {
  const release = await readSqlRelease('old.sql', text);
  const given = signal === undefined ? {} : { signal };
  return await startWorkload(release, { side, address, rate_per_s, seed: 7, ...given });
}

const FIND = '-- name: find\n-- param id: sample users.id\nSELECT * FROM users WHERE id = :id;\n';

describe('a workload of statements', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  test('has as many due as its rate says, and each due item is begun and answered', async () => {
    await using database = await made.copy();
    await using workload = await start(database.address, FIND);
    await delay(200);
    const before = await workload.cut('before');
    await delay(300);
    const during = await workload.stop('during');
    for (const { due, begun, good, failed, duration_s } of [before, during]) {
      expect(Math.abs(due - duration_s * 200)).toBeLessThanOrEqual(1);
      expect([begun, good, failed]).toEqual([due, due, 0]);
    }
    expect(before).toMatchObject({ side: 'old', moment: 'before', rate_per_s: 200 });
    expect(during.duration_s).toBeGreaterThanOrEqual(0.3);
    expect(during.latency_max_ms).toBeGreaterThanOrEqual(during.latency_p50_ms);
  });

  test('counts the wait of all that was due while the table was locked, and tells one stall', async () => {
    await using database = await made.copy();
    await using workload = await start(database.address, FIND);
    await using holder = await openSession(database.address, 'test');
    const since = performance.timeOrigin + performance.now();
    await holder.client.query('BEGIN');
    await holder.client.query('LOCK TABLE users');
    const longest = async (): Promise<number> => {
      const stalls = await workload.stalls(since);
      expect(stalls.every(({ reader }) => reader)).toBe(true);
      return Math.max(0, ...stalls.map(({ from, to }) => to - from));
    };
    // It is seen while it lasts, and after.
    await expect.poll(longest, { timeout: 30_000 }).toBeGreaterThan(400);
    await holder.client.query('COMMIT');
    const facts = await workload.cut('during');
    expect(await longest()).toBeGreaterThan(400);
    // Far more had to wait than there are connections; a closed loop would have asked 4 times.
    expect(facts.due).toBeGreaterThan(70);
    expect(facts.latency_p50_ms).toBeGreaterThan(60);
    expect(facts).toMatchObject({ failed: 0, good: facts.due });
  });

  test('keeps what it prepared across a change of the table, as drivers do, unless it is told not to', async () => {
    await using database = await made.copy();
    await using kept = await start(database.address, FIND);
    await using anew = await start(database.address, `-- prepare: no\n${FIND}`);
    await using session = await openSession(database.address, 'test');
    await session.client.query('ALTER TABLE users ADD age int');
    await delay(150);
    const [with_it, without] = await Promise.all([kept.cut('during'), anew.stop('during')]);
    expect(with_it.errors).toMatchObject([
      { code: '0A000', message: 'cached plan must not change result type' },
    ]);
    expect(without.failed).toBe(0);
    // Once on each connection, then it is prepared anew.
    await delay(150);
    const later = await kept.stop('after');
    expect(later.good).toBeGreaterThan(0);
    expect(with_it.failed + later.failed).toBeLessThanOrEqual(4);
  });

  test('takes a function that writes for writing, and values from all that was drawn', async () => {
    await using database = await made.copy();
    await using workload = await start(
      database.address,
      `${FIND}
-- name: visit
-- param id: sample users.id
SELECT visit(:id);
-- name: add
-- param id: sequence visits.id
-- param user: int 1..200
BEGIN;
INSERT INTO visits VALUES (:id, :user);
UPDATE users SET n = n + 1 WHERE id = :user;
COMMIT;`,
    );
    await delay(200);
    const facts = await workload.stop('before');
    expect(facts.errors).toEqual([]);
    expect(facts.by_statement.map(({ name, reads_only }) => [name, reads_only])).toEqual([
      ['find', true],
      ['visit', false],
      ['add', false],
    ]);
    await using session = await openSession(database.address, 'test');
    const { rows } = await session.client.query(
      'SELECT (SELECT sum(n) FROM users)::int AS changed, (SELECT count(*) FROM visits)::int AS added',
    );
    const [, visit, add] = facts.by_statement;
    expect(rows).toEqual([{ changed: (visit?.begun ?? 0) + (add?.begun ?? 0), added: add?.begun }]);
  });

  test('of both releases takes no number twice', async () => {
    await using database = await made.copy();
    const text = '-- param id: sequence visits.id\nINSERT INTO visits VALUES (:id, 1)';
    await using old = await start(database.address, text);
    await using next = await start(database.address, text, { side: 'new' });
    await delay(200);
    for (const facts of await Promise.all([old.stop('after'), next.stop('after')])) {
      expect(facts.errors).toEqual([]);
      expect(facts.good).toBeGreaterThan(20);
    }
  });

  test('of both releases draws no value that is to be the only one of its kind twice', async () => {
    await using database = await made.copy();
    await using session = await openSession(database.address, 'test');
    await session.client.query('CREATE TABLE mails (id uuid PRIMARY KEY, mail text UNIQUE)');
    const text = '-- param id: uuid\n-- param mail: text 12\nINSERT INTO mails VALUES (:id, :mail)';
    for (const side of ['old', 'new'] as const) {
      await using workload = await start(database.address, text, { side });
      await delay(100);
      const facts = await workload.stop('after');
      expect(facts.errors).toEqual([]);
      expect(facts.good).toBeGreaterThan(10);
    }
  });

  test('goes on after its connections were cut, and counts what that cost', async () => {
    await using database = await made.copy();
    await using workload = await start(database.address, FIND);
    await using session = await openSession(database.address, 'test');
    await session.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mettle old readers'`,
    );
    await delay(300);
    const cut = await workload.cut('during');
    expect(cut.failed).toBeGreaterThan(0);
    await delay(200);
    expect(await workload.stop('after')).toMatchObject({ failed: 0 });
  });

  test('fails where the table is not there, and says so by code', async () => {
    await using database = await made.copy();
    const text = '-- param id: sample nothing.id\nSELECT * FROM nothing WHERE id = :id';
    await using workload = await start(database.address, text);
    await delay(100);
    const facts = await workload.stop('before');
    expect(facts.good).toBe(0);
    expect(facts.errors).toMatchObject([{ code: '42P01', count: facts.due }]);
  });

  test('leaves no session behind, and none is made once it was cancelled', async () => {
    await using database = await made.copy();
    const abort = new AbortController();
    await using workload = await start(database.address, FIND, { signal: abort.signal });
    abort.abort(new Error('stopped by the test'));
    await expect(workload.cut('before')).rejects.toThrow(UnfitError);
    await expect(start(database.address, FIND, { signal: abort.signal })).rejects.toThrow(
      'stopped by the test',
    );
    await using session = await openSession(database.address, 'test');
    const mine = `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'mettle old %'`;
    await expect.poll(async () => (await session.client.query(mine)).rowCount, { timeout: 5_000 }).toBe(0);
  });

  test('cannot begin where the database lets nobody in', async () => {
    const nobody = { ...made.template.address, database: 'nothing' };
    await expect(start(nobody, FIND)).rejects.toThrow(UnfitError);
  });
});
