import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import type { Address } from '../server/types.ts';
import { embedded } from '../testing/embedded.ts';
import { applyFile } from './apply.ts';
import { openSession } from './apply-session.ts';
import { madeFile } from './testing/made-file.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 50) g;
`;

async function columns(address: Address): Promise<readonly string[]> {
  await using session = await openSession(address, 'test');
  const { rows } = await session.client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  return rows.map(({ name }) => name);
}

describe('a migration that is run as its tool runs it', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  /** Given back with the server. */
  async function database(): Promise<Address> {
    return (await made.copy()).address;
  }

  test('in one transaction leaves nothing of itself once a statement is refused', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile('ALTER TABLE users ADD a int', 'ALTER TABLE users ALTER name TYPE varchar(3)');
    const applied = await applyFile(session, file, { in_transaction: true });
    expect(applied).toMatchObject({ outcome: 'refused', refusal: { index: 1, code: '22001' } });
    expect(await columns(address)).toEqual(['id', 'name']);
    expect(session.client.getTransactionStatus()).toBe('I');
  });

  test('without a transaction keeps what came before the refused statement', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile('ALTER TABLE users ADD a int', 'ALTER TABLE users ADD a int');
    expect(await applyFile(session, file, { in_transaction: false })).toMatchObject({
      outcome: 'refused',
      refusal: { index: 1, code: '42701' },
    });
    expect(await columns(address)).toEqual(['id', 'name', 'a']);
  });

  test('commits where its file says so, whatever the tool does', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile(
      'BEGIN',
      'ALTER TABLE users ADD a int',
      'COMMIT',
      'ALTER TABLE users ADD b int',
      'SELECT 1 / 0',
    );
    expect(await applyFile(session, file, { in_transaction: true })).toMatchObject({
      outcome: 'refused',
      refusal: { index: 4, code: '22012' },
    });
    expect(await columns(address)).toEqual(['id', 'name', 'a', 'b']);
  });

  test('loses what stood before a BEGIN of its own when its tool had begun before', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile('ALTER TABLE users ADD a int', 'BEGIN', 'SELECT 1 / 0', 'COMMIT');
    const inside = await applyFile(session, file, { in_transaction: true });
    expect(inside).toMatchObject({ outcome: 'refused', refusal: { index: 2 } });
    expect(await columns(address)).toEqual(['id', 'name']);
    await applyFile(session, file, { in_transaction: false });
    expect(await columns(address)).toEqual(['id', 'name', 'a']);
  });

  test('is refused as the tool would be, for an index built concurrently in a transaction', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile('CREATE INDEX CONCURRENTLY by_name ON users (name)');
    const inside = await applyFile(session, file, { in_transaction: true });
    expect(inside).toMatchObject({ outcome: 'refused', refusal: { index: 0, code: '25001' } });
    expect(await applyFile(session, file, { in_transaction: false })).toMatchObject({ outcome: 'applied' });
  });

  test('calls hooks around each statement, within its transaction', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const calls: string[] = [];
    const file = madeFile('ALTER TABLE users ADD a int', 'SELECT pg_sleep(0.05)');
    const applied = await applyFile(session, file, {
      in_transaction: true,
      before: ({ index }) => void calls.push(`before ${index} ${session.client.getTransactionStatus()}`),
      after: ({ index }, took_ms) => void calls.push(`after ${index} ${took_ms >= 50}`),
    });
    expect(calls).toEqual(['before 0 T', 'after 0 false', 'before 1 T', 'after 1 true']);
    expect(applied.outcome).toBe('applied');
    expect(applied.duration_ms).toBeGreaterThanOrEqual(50);
    expect(await columns(address)).toEqual(['id', 'name', 'a']);
  });

  test('passes on what a hook throws, and rolls back', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const run = applyFile(session, madeFile('ALTER TABLE users ADD a int'), {
      in_transaction: true,
      after: () => {
        throw new Error('from the hook');
      },
    });
    await expect(run).rejects.toThrow('from the hook');
    expect(await columns(address)).toEqual(['id', 'name']);
  });

  test('that never ends its transaction is bad input, with the place where it begins', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const file = madeFile('BEGIN', 'ALTER TABLE users ADD a int');
    await expect(applyFile(session, file, { in_transaction: false })).rejects.toThrow(UsageError);
    expect(await columns(address)).toEqual(['id', 'name']);
  });

  test('is cancelled in the middle of a statement', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const abort = new AbortController();
    const from = performance.now();
    const run = applyFile(session, madeFile('ALTER TABLE users ADD a int', 'SELECT pg_sleep(60)'), {
      in_transaction: true,
      signal: abort.signal,
      before: ({ index }) => {
        if (index === 1) setTimeout(() => abort.abort(new Error('stopped by the test')), 20);
      },
    });
    await expect(run).rejects.toThrow('stopped by the test');
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(await columns(address)).toEqual(['id', 'name']);
  });

  test('is lost, not refused, when its session is ended by the server', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    await using other = await openSession(address, 'test');
    let asked: Promise<unknown> = Promise.resolve();
    const ended = await applyFile(session, madeFile('SELECT 1', 'SELECT pg_sleep(60)'), {
      in_transaction: true,
      before: ({ index }) => {
        if (index !== 1) return;
        asked = delay(20).then(() => other.client.query('SELECT pg_terminate_backend($1)', [session.pid]));
      },
    });
    await asked;
    expect(ended).toMatchObject({ outcome: 'lost', index: 1 });
  });

  test('tells a refusal without the values that were in the way', async () => {
    const address = await database();
    await using session = await openSession(address, 'test');
    const twice = madeFile(`INSERT INTO users VALUES (1, 'secret (1)=(2) already exists.')`);
    expect(await applyFile(session, twice, { in_transaction: false })).toMatchObject({
      refusal: { code: '23505', detail: 'Key (id) already exists.' },
    });
    const text = madeFile('ALTER TABLE users ALTER name TYPE int USING name::int');
    const refused = await applyFile(session, text, { in_transaction: false });
    expect(refused).toMatchObject({
      refusal: { code: '22P02', message: 'invalid input syntax for type integer: (a value)' },
    });
    const empty = madeFile('INSERT INTO users VALUES (51, NULL)');
    expect(await applyFile(session, empty, { in_transaction: false })).toMatchObject({
      refusal: { code: '23502', detail: 'Failing row is not shown.' },
    });
  });
});
