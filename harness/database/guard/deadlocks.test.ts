import { describe, expect, test } from 'vitest';
import type { DeadlockFacts, UnderLoadFacts } from '#harness/core/guard/load-facts.ts';
import { embedded } from '../testing/embedded.ts';
import { readSqlRelease } from '../workload/read-sql.ts';
import { deadlocksOf } from './deadlocks.ts';
import { madeFile } from './testing/made-file.ts';
import { underLoad } from './under-load.ts';

const MADE = `
CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
CREATE TABLE stock (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO orders SELECT g FROM generate_series(1, 200) g;
INSERT INTO stock SELECT g FROM generate_series(1, 200) g;
`;
/** Orders first, then stock. */
const OLD = `
-- name: order
-- param id: sample orders.id
BEGIN;
UPDATE orders SET n = n + 1 WHERE id = :id;
UPDATE stock SET n = n + 1 WHERE id = :id;
COMMIT;
`;
/** Stock first, then orders: once a transaction of the release has its order and waits for stock. */
const OTHER_WAY_ROUND = [
  'ALTER TABLE stock ADD COLUMN a int',
  `DO $$ BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted AND l.relation = 'stock'::regclass) LOOP
      PERFORM pg_sleep(0.01);
    END LOOP;
  END $$`,
  'ALTER TABLE orders ADD COLUMN a int',
];

function partyOf(found: readonly DeadlockFacts[] | undefined, victim: string, who: string): unknown {
  return found?.find((one) => one.victim === victim)?.parties.find((party) => party.who === who);
}

describe('a deadlock', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  async function run(settings: Readonly<Record<string, string>>): Promise<UnderLoadFacts> {
    await using database = await made.copy();
    return await underLoad({
      address: database.address,
      migration: { up: madeFile(...OTHER_WAY_ROUND), in_transaction: true },
      old: await readSqlRelease('old.sql', OLD),
      rate_per_s: 200,
      seed: 1,
      stretches: { before_ms: 100, during_ms: 0, after_ms: 50 },
      settings,
    });
  }

  test('that the migration loses names what it waited for, and who had it', async () => {
    // Whoever looks first is the one that is ended.
    const { refusal, deadlocks } = await run({ deadlock_timeout: '20ms' });
    expect(refusal).toMatchObject({ index: 2, code: '40P01' });
    expect(partyOf(deadlocks, 'the migration', 'the migration')).toEqual({
      who: 'the migration',
      wanted: 'AccessExclusiveLock',
      relation: 'public.orders',
      held_by: 'a writer of the old release',
    });
    expect(partyOf(deadlocks, 'the migration', 'a writer of the old release')).toEqual({
      who: 'a writer of the old release',
      wanted: 'RowExclusiveLock',
      relation: 'public.stock',
      held_by: 'the migration',
    });
  });

  test('that the release loses is told as its failure, and the migration goes on', async () => {
    const { outcome, deadlocks, workloads } = await run({ deadlock_timeout: '1min' });
    expect(outcome).toBe('applied');
    const during = workloads.find(({ moment }) => moment === 'during');
    expect(during?.errors).toContainEqual(expect.objectContaining({ code: '40P01' }));
    expect(partyOf(deadlocks, 'the old release', 'the migration')).toMatchObject({
      relation: 'public.orders',
      held_by: 'a writer of the old release',
    });
  });

  test('over rows, extensions of tables and unknown sessions is told as far as the server tells it', () => {
    const detail =
      'Process 7 waits for ShareLock on transaction 99; blocked by process 8.\n' +
      'Process 8 waits for ExclusiveLock on tuple (0,1) of relation 16384 of database 5; blocked by process 9.\n' +
      'Process 9 waits for ExclusiveLock on advisory lock [1,2,3,1]; blocked by process 7.';
    const watched = {
      looks: [],
      sessions: new Map([
        [7, 'mettle migration'],
        [8, 'mettle new readers'],
      ]),
      names: new Map([['16384', 'public.orders']]),
      held: [],
    };
    const [found] = deadlocksOf(
      { index: 0, code: '40P01', message: 'deadlock detected', detail },
      [],
      watched,
    );
    expect(found?.parties).toEqual([
      { who: 'the migration', wanted: 'ShareLock', held_by: 'a reader of the new release' },
      {
        who: 'a reader of the new release',
        wanted: 'ExclusiveLock',
        relation: 'public.orders',
        held_by: 'another session',
      },
      { who: 'another session', wanted: 'ExclusiveLock', held_by: 'the migration' },
    ]);
  });
});
