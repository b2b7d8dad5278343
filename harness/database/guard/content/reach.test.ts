import { describe, expect, test } from 'vitest';
import { embedded } from '../../testing/embedded.ts';
import { openSession } from '../apply-session.ts';
import { keepingFew, takeSnapshot } from '../content.ts';
import { RowsNotKept } from './snapshot.ts';

const MADE = `
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE posts (id int PRIMARY KEY, author int NOT NULL REFERENCES users ON DELETE CASCADE);
CREATE TABLE counts (author int PRIMARY KEY, posts int NOT NULL);
CREATE TABLE moods (id int PRIMARY KEY, mood mood NOT NULL);
CREATE TABLE others (id int PRIMARY KEY, note text);
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN UPDATE counts SET posts = posts - 1 WHERE author = OLD.author; RETURN OLD; END';
CREATE TRIGGER counted AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION counted();
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 50) g;
INSERT INTO posts SELECT g, g FROM generate_series(1, 50) g;
INSERT INTO counts SELECT g, 1 FROM generate_series(1, 50) g;
INSERT INTO moods SELECT g, 'sad' FROM generate_series(1, 50) g;
INSERT INTO others SELECT g, 'note' FROM generate_series(1, 50) g;
`;

/** Writes to a table whose name stands nowhere. */
const HIDDEN = `DO $$ BEGIN EXECUTE format('UPDATE %I SET note = NULL WHERE id = 7', 'oth' || 'ers'); END $$`;

describe('copies of the tables that a text reaches', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  /** Tables of which rows or values differ, and how often it was done. */
  async function differing(
    sql: string,
  ): Promise<{ readonly tables: readonly string[]; readonly runs: number }> {
    let runs = 0;
    return await keepingFew([sql], async (reach) => {
      runs += 1;
      await using database = await made.copy();
      await using kept = await takeSnapshot(database.address, reach);
      await using session = await openSession(database.address, 'test');
      await session.client.query(sql);
      const { tables } = await kept.compare();
      const found = tables.filter(
        ({ rows_lost, columns }) =>
          rows_lost > 0 || columns.some(({ changed, nulled }) => changed + nulled > 0),
      );
      return { runs, tables: found.map(({ table }) => table) };
    });
  }

  test('are enough for what it names, what refers to that, and what triggers write to', async () => {
    const tables = ['public.counts', 'public.posts', 'public.users'];
    expect(await differing('DELETE FROM users WHERE id = 3')).toEqual({ runs: 1, tables });
  });

  test('are not made of the others, and nothing is concluded where one was written to', async () => {
    await using database = await made.copy();
    await using kept = await takeSnapshot(database.address, [HIDDEN]);
    expect((await kept.compare()).tables.map(({ table }) => table)).toContain('public.others');
    await using session = await openSession(database.address, 'test');
    await session.client.query(HIDDEN);
    await expect(kept.compare()).rejects.toThrow(RowsNotKept);
  });

  test.each([
    ['a write that no text tells of', HIDDEN, ['public.others']],
    [
      'a value of a list that is called otherwise',
      `ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`,
      ['public.moods'],
    ],
  ])('%s is found by a second run with copies of all', async (_name, sql, tables) => {
    expect(await differing(sql)).toEqual({ runs: 2, tables });
  });

  test('are not needed to tell that whole tables are gone, where nothing is left that could hold their rows', async () => {
    const { tables } = await differing('DROP SCHEMA public CASCADE');
    expect(tables).toHaveLength(5);
  });

  test('a list that only grows leaves its values as they are', async () => {
    expect(await differing(`ALTER TYPE mood ADD VALUE 'calm'`)).toEqual({ runs: 1, tables: [] });
  });
});
