import { expect, test } from 'vitest';
import { startSmallServer } from '../testing/small-server.ts';
import { openSession } from './apply-session.ts';
import { conflicts, LOCK_MODES, strongest } from './locks-modes.ts';

/** `AccessExclusiveLock` as LOCK TABLE calls it. */
function spelled(mode: string): string {
  return mode
    .replace(/Lock$/, '')
    .replaceAll(/(?!^)([A-Z])/g, ' $1')
    .toUpperCase();
}

test('modes keep each other waiting as the server says', async () => {
  await using server = await startSmallServer();
  await using database = await server.create();
  await using holder = await openSession(database.address, 'test');
  await using asker = await openSession(database.address, 'test');
  await holder.client.query('CREATE TABLE t (id int)');
  for (const held of LOCK_MODES) {
    await holder.client.query('BEGIN');
    await holder.client.query(`LOCK TABLE t IN ${spelled(held)} MODE`);
    for (const wanted of LOCK_MODES) {
      await asker.client.query('BEGIN');
      const answer = await asker.client.query(`LOCK TABLE t IN ${spelled(wanted)} MODE NOWAIT`).then(
        () => 'granted',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      );
      await asker.client.query('ROLLBACK');
      expect([held, wanted, answer]).toEqual([held, wanted, conflicts(wanted, held) ? '55P03' : 'granted']);
    }
    await holder.client.query('ROLLBACK');
  }
});

test('the strongest is the one that keeps most others waiting', () => {
  expect(strongest(['ShareLock', 'AccessExclusiveLock', 'AccessShareLock'])).toBe('AccessExclusiveLock');
  expect(strongest([])).toBeUndefined();
});
