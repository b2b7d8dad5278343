import { describe, expect, test } from 'vitest';
import type { UnderLoadFacts } from '#harness/core/guard/load-facts.ts';
import { embedded } from '../testing/embedded.ts';
import { readSqlRelease } from '../workload/read-sql.ts';
import type { Release } from '../workload/types.ts';
import { openSession } from './apply-session.ts';
import { madeFile } from './testing/made-file.ts';
import { type UnderLoadOptions, underLoad, workOnly } from './under-load.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name varchar(40) NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 500) g;
CREATE TABLE truth (at timestamptz);
`;
const OLD = `
-- name: find  weight: 2
-- param id: sample users.id
SELECT id, name FROM users WHERE id = :id;
-- name: touch  weight: 2
-- param id: sample users.id
UPDATE users SET n = n + 1 WHERE id = :id;
`;
const NEXT = `
-- name: find
-- param id: sample users.id
SELECT id, full_name FROM users WHERE id = :id;
`;

/** What is promised, and what a machine that is busy with other things adds: the facts say how much that was. */
function toleranceOf({ sampling, workloads }: UnderLoadFacts, held_ms: number): number {
  const late_ms = workloads.find(({ moment }) => moment === 'during')?.late_max_ms ?? Infinity;
  return Math.max(20, held_ms / 10) + sampling.longest_ms + late_ms;
}

/** Holds what the migration has until somebody waits for it and that has been looked at a few times, however slow the machine is. */
const UNTIL_SEEN = `DO $$ DECLARE before timestamptz; now timestamptz; looks int := 0; BEGIN
  WHILE looks < 5 LOOP
    PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
    SELECT query_start INTO now FROM pg_stat_activity WHERE application_name = 'mettle locks';
    IF now IS DISTINCT FROM before AND EXISTS (SELECT FROM pg_locks WHERE NOT granted) THEN
      looks := looks + 1;
      before := now;
    END IF;
  END LOOP;
END $$`;

describe('a migration under load', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  async function run(
    statements: readonly string[],
    more: Partial<UnderLoadOptions> = {},
  ): Promise<{ readonly facts: UnderLoadFacts; readonly held_ms: number }> {
    await using database = await made.copy();
    const facts = await underLoad({
      address: database.address,
      migration: { up: madeFile(...statements), in_transaction: false },
      old: await readSqlRelease('old.sql', OLD),
      rate_per_s: 200,
      seed: 1,
      stretches: { before_ms: 150, during_ms: 0, after_ms: 50 },
      ...more,
    });
    await using session = await openSession(database.address, 'test');
    const { rows } = await session.client.query<{ held_ms: string | null }>(
      'SELECT extract(epoch FROM max(at) - min(at)) * 1000 AS held_ms FROM truth',
    );
    return { facts, held_ms: Number(rows[0]?.held_ms ?? 0) };
  }

  // The holder is timed by the server alone: one text, sent at once.
  test.each([50, 200, 1_000])('tells a lock that is held for %i ms by what it is', async (for_ms) => {
    const holder = `BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE; INSERT INTO truth VALUES (clock_timestamp());
      SELECT pg_sleep(${for_ms / 1_000}); ${UNTIL_SEEN}; INSERT INTO truth VALUES (clock_timestamp()); COMMIT`;
    const { facts, held_ms } = await run([holder], { rate_per_s: 300 });
    expect(held_ms).toBeGreaterThanOrEqual(for_ms);
    const tolerance_ms = toleranceOf(facts, held_ms);
    for (const { longest_ms, stall_ms, sessions } of [facts.readers, facts.writers]) {
      expect(Math.abs(longest_ms - held_ms)).toBeLessThan(tolerance_ms);
      expect(Math.abs(stall_ms - held_ms)).toBeLessThan(tolerance_ms);
      expect(sessions).toBeGreaterThan(0);
    }
    expect(facts.blocked[0]).toMatchObject({
      relation: 'public.users',
      held: 'AccessExclusiveLock',
      queued_behind: false,
    });
    expect(facts.sampling.samples).toBeGreaterThan(1);
  });

  test('counts writers who wait for the rows that it changed, and no readers', async () => {
    const statements = ['UPDATE users SET n = 7', UNTIL_SEEN];
    const { facts } = await run([], { migration: { up: madeFile(...statements), in_transaction: true } });
    expect(facts.writers.longest_ms).toBeGreaterThan(0);
    expect(facts.writers.stall_ms).toBeGreaterThan(0);
    expect(facts.readers).toMatchObject({ longest_ms: 0, total_ms: 0, sessions: 0 });
    expect(facts.blocked[0]).toMatchObject({
      wanted: 'row lock',
      held: 'row lock',
      relation: 'public.users',
      reader: false,
    });
    const [update, held] = facts.statements;
    expect(held?.writers.longest_ms).toBeGreaterThan(0);
    expect((update?.writers.total_ms ?? 0) + (held?.writers.total_ms ?? 0)).toBeCloseTo(
      facts.writers.total_ms,
      3,
    );
  });

  test('does nothing to readers when it keeps only writers out', async () => {
    const statements = ['LOCK TABLE users IN SHARE MODE', UNTIL_SEEN];
    const { facts } = await run([], { migration: { up: madeFile(...statements), in_transaction: true } });
    expect(facts.readers.longest_ms).toBe(0);
    expect(facts.writers.longest_ms).toBeGreaterThan(0);
    expect(facts.blocked.every(({ reader, held }) => !reader && held === 'ShareLock')).toBe(true);
  });

  test('keeps all waiting in the queue behind it, for as long as a reader is open', async () => {
    const { facts } = await run(['ALTER TABLE users ADD a int'], { reader_ms: 600 });
    const unsure_ms = toleranceOf(facts, 600);
    expect(facts.outcome).toBe('applied');
    expect(facts.reader_held_ms).toBeGreaterThanOrEqual(595);
    expect(facts.statements[0]?.waited_ms).toBeGreaterThan(600 - unsure_ms);
    expect(facts.readers.longest_ms).toBeGreaterThan(600 - unsure_ms);
    expect(facts.writers.longest_ms).toBeGreaterThan(600 - unsure_ms);
    expect(facts.blocked[0]).toMatchObject({
      queued_behind: true,
      held: 'AccessExclusiveLock',
      statement: 0,
    });
  });

  test('gives up behind that reader by its own timeout, and blocks nobody for longer', async () => {
    const { facts } = await run(['ALTER TABLE users ADD a int'], {
      reader_ms: 300,
      settings: { lock_timeout: '50ms' },
    });
    expect(facts).toMatchObject({ outcome: 'refused', refusal: { index: 0, code: '55P03' } });
    expect(facts.readers.longest_ms).toBeLessThan(facts.duration_ms + toleranceOf(facts, 50));
  });

  test('that renames a column breaks the old release, from the moment it is done', async () => {
    const { facts } = await run(['ALTER TABLE users RENAME name TO full_name'], {
      next: await readSqlRelease('next.sql', NEXT),
      stretches: { before_ms: 150, during_ms: 200, after_ms: 150 },
    });
    const of = (side: string, moment: string) =>
      facts.workloads.find((one) => one.side === side && one.moment === moment);
    expect(of('old', 'before')).toMatchObject({ failed: 0 });
    expect(of('old', 'during')?.errors[0]?.code).toBe('42703');
    const after = of('old', 'after');
    const find = after?.by_statement.find(({ name }) => name === 'find');
    expect(find?.begun).toBeGreaterThan(0);
    expect(find?.failed).toBe(find?.begun);
    expect(after?.by_statement.find(({ name }) => name === 'touch')?.failed).toBe(0);
    expect(of('new', 'after')).toMatchObject({ failed: 0 });
    expect(of('new', 'after')?.good).toBeGreaterThan(0);
  });

  const SWAP = `ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users`;

  test('loses what is written between the copy of a table and the swap, and says so', async () => {
    const statements = [
      'CREATE TABLE users_new (LIKE users INCLUDING ALL)',
      'INSERT INTO users_new SELECT * FROM users',
    ];
    const { facts } = await run([...statements, 'SELECT pg_sleep(0.3)', SWAP], {
      writes: { content: undefined },
      stretches: { before_ms: 150, during_ms: 0, after_ms: 0 },
    });
    const [users] = facts.written?.tables ?? [];
    expect(users).toMatchObject({ table: 'public.users', missing: 0, returned: 0, columns: ['n'] });
    expect(users?.changed).toBeGreaterThan(0);
    expect(users?.examples[0]).toMatch(/^id=\d+$/);
  });

  test('keeps all of it where writers are held off meanwhile', async () => {
    const statements = ['LOCK TABLE users', 'CREATE TABLE users_new (LIKE users INCLUDING ALL)'];
    const { facts } = await run([], {
      migration: {
        up: madeFile(...statements, 'INSERT INTO users_new SELECT * FROM users', SWAP),
        in_transaction: true,
      },
      writes: { content: undefined },
    });
    const sent = facts.workloads
      .flatMap(({ by_statement }) => by_statement)
      .filter(({ reads_only }) => !reads_only);
    expect(facts.written).toMatchObject({
      changes: sent.reduce((sum, { begun, failed }) => sum + begun - failed, 0),
      tables: [{ missing: 0, changed: 0, returned: 0 }],
    });
  });

  test('has the new release at work too, which fails until it is through', async () => {
    const { facts } = await run(
      ['SELECT pg_sleep(0.2)', 'ALTER TABLE users RENAME name TO full_name', 'SELECT pg_sleep(0.2)'],
      {
        next: await readSqlRelease('next.sql', NEXT),
      },
    );
    const new_during = facts.workloads.find(({ side, moment }) => side === 'new' && moment === 'during');
    expect(new_during?.failed).toBeGreaterThan(0);
    expect(new_during?.good).toBeGreaterThan(0);
    expect(new_during?.errors).toMatchObject([{ code: '42703' }]);
  });

  test('goes on without a new release that does not start on the schema as it was', async () => {
    const next: Release = {
      kind: 'command',
      command: ['sh', '-c', 'echo no such column; exit 7'],
      file: 'next.http',
      requests: [],
    };
    // One that is refused leaves the schema as it was, on which the release is not started again.
    const { facts } = await run(['SELEC 1'], { next });
    expect(facts.new_during_missing).toMatch(/exited with 7 before it served/);
    expect(facts.workloads.some(({ side }) => side === 'new')).toBe(false);
  });

  test('tells for how long it held a lock that nobody came to wait for', async () => {
    const holder = `BEGIN; LOCK TABLE truth; SELECT pg_sleep(0.3); COMMIT`;
    const { facts } = await run([holder]);
    expect(facts.readers.longest_ms).toBe(0);
    const held = facts.held?.find(
      ({ relation, stops_readers }) => relation === 'public.truth' && stops_readers,
    );
    expect(held).toMatchObject({ mode: 'AccessExclusiveLock', statement: 0, is_awaited: false });
    expect(held?.duration_ms).toBeGreaterThan(300 - facts.sampling.longest_ms * 2);
    expect(held?.duration_ms).toBeLessThanOrEqual(facts.duration_ms);
  });

  test('lets a release work until each of its statements was sent, where it is to', async () => {
    const many = Array.from({ length: 40 }, (_, place) => `-- name: ask-${place}\nSELECT ${place};`).join(
      '\n',
    );
    const old = await readSqlRelease('many.sql', many);
    const sent = async (cover_ms?: number): Promise<number | undefined> => {
      const stretches = { before_ms: 0, during_ms: 0, after_ms: 50 };
      const { facts } = await run(['SELECT 1'], {
        old,
        rate_per_s: 100,
        stretches: cover_ms === undefined ? stretches : { ...stretches, cover_ms },
      });
      const after = facts.workloads.find(({ moment }) => moment === 'after');
      return after?.by_statement.filter(({ begun }) => begun > 0).length;
    };
    expect(await sent()).toBeLessThan(40);
    expect(await sent(10_000)).toBe(40);
    expect(await sent(100)).toBeLessThan(40);
  });

  test('fails the new release on the database as it was before', async () => {
    await using database = await made.copy();
    const facts = await workOnly(await readSqlRelease('next.sql', NEXT), {
      address: database.address,
      side: 'new',
      moment: 'before',
      rate_per_s: 300,
      seed: 1,
      stretches: { before_ms: 0, during_ms: 0, after_ms: 150 },
    });
    expect(facts.due).toBeGreaterThan(20);
    expect(facts).toMatchObject({ side: 'new', moment: 'before', good: 0, failed: facts.due });
    expect(facts.errors).toMatchObject([{ code: '42703', count: facts.due }]);
  });
});
