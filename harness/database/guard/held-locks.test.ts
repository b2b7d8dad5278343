import { expect, test } from 'vitest';
import type { SeenLock } from './blocked-waits.ts';
import { HeldLocks } from './held-locks.ts';

const MIGRATION = 1;

function granted(relation: string, mode: string, pid = MIGRATION): SeenLock {
  return { pid, kind: 'relation', relation, mode, is_granted: true, blockers: [] };
}

test('a lock is held from the first look that sees it to the last, and the longest stretch counts', () => {
  const held = new HeldLocks(MIGRATION);
  const users = granted('public.users', 'AccessExclusiveLock');
  const looks = [[users], [users], [], [users], [users], [users], []];
  for (const [place, locks] of looks.entries()) held.note({ at_ms: place * 10, locks });
  const stretch = { relation: 'public.users', mode: 'AccessExclusiveLock', from_ms: 30, to_ms: 50 };
  expect(held.longest()).toEqual([
    { ...stretch, stops_readers: true },
    { ...stretch, stops_readers: false },
  ]);
});

test('only what the migration has counts, and only what stops somebody', () => {
  const held = new HeldLocks(MIGRATION);
  const locks = [
    granted('public.users', 'AccessExclusiveLock', 2),
    granted('public.users', 'RowExclusiveLock'),
    granted('pg_catalog.pg_class', 'AccessExclusiveLock'),
    { ...granted('public.log', 'AccessExclusiveLock'), is_granted: false },
    granted('public.orders', 'ShareLock'),
  ];
  for (const at_ms of [0, 10]) held.note({ at_ms, locks });
  expect(held.longest()).toEqual([
    { relation: 'public.orders', mode: 'ShareLock', stops_readers: false, from_ms: 0, to_ms: 10 },
  ]);
});
