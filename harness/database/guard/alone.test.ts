import { describe, expect, test } from 'vitest';
import { embedded } from '../testing/embedded.ts';
import { applyAlone } from './alone.ts';
import { openSession } from './apply-session.ts';
import { madeFile } from './testing/made-file.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name varchar(20) NOT NULL, age int);
INSERT INTO users SELECT g, 'name ' || g % 4000, g FROM generate_series(1, 5000) g;
CREATE TABLE orders (id int PRIMARY KEY, user_id int);
CREATE TABLE nothing (id int);
`;

describe('a migration that runs alone', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  async function alone(in_transaction: boolean, ...statements: readonly string[]) {
    await using copy = await made.copy();
    return await applyAlone({
      address: copy.address,
      migration: { up: madeFile(...statements), in_transaction },
    });
  }

  test('tells a rewriting change of type from one that needs no rewriting', async () => {
    const facts = await alone(
      true,
      'ALTER TABLE users ALTER name TYPE text',
      'ALTER TABLE users ALTER age TYPE bigint',
      'ALTER TABLE nothing ALTER id TYPE bigint',
    );
    expect(facts).toMatchObject({ outcome: 'applied', residue: [] });
    expect(facts.statements.map(({ rewritten }) => rewritten)).toEqual([[], ['public.users'], []]);
    const [free, costly] = facts.statements;
    expect(costly?.wal_bytes).toBeGreaterThan(300_000);
    expect(costly?.disk_bytes).toBeGreaterThan(200_000);
    // A page of the catalogue is written whole when it changes for the first time.
    expect(free?.wal_bytes).toBeLessThan((costly?.wal_bytes ?? 0) / 2);
    expect(costly?.indexes_built).toEqual(['public.users_pkey']);
  });

  test('takes a default that is computed once for no rewriting, and one for each row for one', async () => {
    const facts = await alone(
      false,
      'ALTER TABLE users ADD constant int NOT NULL DEFAULT 7',
      'ALTER TABLE users ADD random float NOT NULL DEFAULT random()',
    );
    expect(facts.statements.map(({ rewritten }) => rewritten)).toEqual([[], ['public.users']]);
  });

  test('takes an emptied table for emptied, not for rewritten', async () => {
    const [cost] = (await alone(true, 'TRUNCATE users')).statements;
    expect(cost).toMatchObject({ rewritten: [], indexes_built: [] });
    expect(cost?.locks).toEqual({ 'public.users': 'AccessExclusiveLock' });
  });

  test('tells the locks that a transaction gathers, on what was there before', async () => {
    const facts = await alone(
      true,
      'CREATE TABLE notes (id int)',
      'CREATE INDEX by_name ON users (name)',
      'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users',
    );
    expect(facts.statements.map(({ locks }) => locks)).toEqual([
      {},
      { 'public.users': 'ShareLock' },
      { 'public.users': 'ShareRowExclusiveLock', 'public.orders': 'ShareRowExclusiveLock' },
    ]);
    expect(facts.statements.map(({ indexes_built }) => indexes_built)).toEqual([[], ['public.by_name'], []]);
  });

  test('tells the table of an index that code built, and of one that has another name by now', async () => {
    const facts = await alone(
      true,
      "DO $$ BEGIN EXECUTE 'CREATE INDEX by_name ON users (name)'; END $$",
      'ALTER TABLE users RENAME TO people',
      'ALTER TABLE people ALTER age TYPE bigint',
    );
    expect(facts.statements.map(({ indexed }) => indexed)).toEqual([['public.users'], [], ['public.users']]);
    expect(facts.statements.map(({ rewritten }) => rewritten)).toEqual([[], [], ['public.users']]);
  });

  test('tells the locks of statements that run each on its own', async () => {
    const facts = await alone(
      false,
      // What is over in a moment may be over between two looks.
      `CREATE FUNCTION slow(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN PERFORM pg_sleep(0.3); RETURN value; END $$`,
      'ALTER TABLE users ADD a int',
      'CREATE INDEX CONCURRENTLY by_name ON users (slow(name)) WHERE id = 1',
      'ALTER TABLE orders ADD b int',
    );
    expect(facts.statements.map(({ locks }) => locks)).toEqual([
      {},
      { 'public.users': 'AccessExclusiveLock' },
      { 'public.users': 'ShareUpdateExclusiveLock' },
      { 'public.orders': 'AccessExclusiveLock' },
    ]);
  });

  test('runs a procedure that ends transactions as its tool does, outside of one, and sees what it locks', async () => {
    const facts = await alone(
      false,
      `CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
        UPDATE users SET age = 1 WHERE id < 9; PERFORM pg_sleep(0.2); COMMIT; UPDATE users SET age = 2; END $$`,
      'CALL fill()',
      'ALTER TABLE users ADD a int',
    );
    expect(facts).toMatchObject({ outcome: 'applied' });
    expect(facts.statements.map(({ locks }) => locks['public.users'])).toEqual([
      undefined,
      'RowExclusiveLock',
      'AccessExclusiveLock',
    ]);
    expect(facts.statements.map(({ locks_sampled }) => locks_sampled)).toEqual([undefined, true, undefined]);
  });

  test('leaves nothing when it is refused in a transaction', async () => {
    const facts = await alone(
      true,
      'CREATE TABLE notes (id int)',
      'ALTER TABLE users ALTER name TYPE varchar(3)',
    );
    expect(facts).toMatchObject({ outcome: 'refused', refusal: { index: 1, code: '22001' }, residue: [] });
    expect(facts.statements).toHaveLength(1);
  });

  test('tells what a refused one left: an invalid index, and what the statements before made', async () => {
    const facts = await alone(
      false,
      'ALTER TABLE users ADD a int',
      'CREATE UNIQUE INDEX CONCURRENTLY by_name ON users (name)',
    );
    expect(facts).toMatchObject({ outcome: 'refused', refusal: { index: 1, code: '23505' } });
    expect(facts.refusal?.detail).toBe('Key (name) is duplicated.');
    expect(facts.residue).toEqual(['column public.users.a', 'invalid index public.by_name']);
  });

  test('measures in the middle of a file that sets its transaction, its path and its role', async () => {
    const facts = await alone(
      false,
      'BEGIN',
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      `SET search_path = ''`,
      'SET LOCAL ROLE pg_database_owner',
      'RESET ROLE',
      'ALTER TABLE public.users ADD a int',
      'COMMIT',
    ).catch((error: unknown) => error);
    expect(facts).toMatchObject({ outcome: 'applied' });
  });

  test('respects the settings of its session', async () => {
    await using copy = await made.copy();
    await using holder = await openSession(copy.address, 'test');
    await holder.client.query('BEGIN');
    await holder.client.query('SELECT count(*) FROM users');
    const facts = await applyAlone({
      address: copy.address,
      migration: { up: madeFile('ALTER TABLE users ADD a int'), in_transaction: true },
      settings: { lock_timeout: '50ms' },
    });
    expect(facts).toMatchObject({ outcome: 'refused', refusal: { code: '55P03' } });
  });
});
