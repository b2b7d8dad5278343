import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ContentBench, USERS } from './testing/bench.ts';

describe('rows and values that are not where they were', { timeout: 120_000 }, () => {
  let bench: ContentBench;

  beforeAll(async () => {
    bench = await ContentBench.start();
  }, 60_000);

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test('tells dropping a full column from dropping an empty one', async () => {
    const found = await bench.columns(
      `${USERS} ALTER TABLE users ADD unused text`,
      'ALTER TABLE users DROP unused, DROP age',
    );
    expect(found['unused']).toEqual({});
    expect(found['age']).toEqual({ filled: 90, lost: 90 });
  });

  test('finds a column under its new name, where it was copied and dropped', async () => {
    const copy = 'ALTER TABLE users ADD full_name text; UPDATE users SET full_name = name';
    expect((await bench.columns(USERS, `${copy}; ALTER TABLE users DROP name`))['name']).toEqual({
      filled: 100,
      moved_to: 'public.users.full_name',
    });
    // One that was forgotten is lost.
    expect(
      (await bench.columns(USERS, `${copy} WHERE id <> 77; ALTER TABLE users DROP name`))['name'],
    ).toEqual({
      filled: 100,
      lost: 1,
    });
    // The old one is kept under another name: nothing is lost, whatever the new one is.
    const switched = await bench.table(
      USERS,
      'ALTER TABLE users RENAME name TO name_old; ALTER TABLE users ADD name varchar(4)',
    );
    expect(switched.columns[1]).toMatchObject({ column: 'name', now: 'name_old', lost: 0, nulled: 0 });
  });

  test('is not fooled by an unrelated column that agrees by chance', async () => {
    const before = `${USERS} ALTER TABLE users ADD is_admin bool; UPDATE users SET is_admin = id % 10 = 0`;
    const found = await bench.columns(
      before,
      'ALTER TABLE users DROP is_admin, ADD is_guest bool; UPDATE users SET is_guest = id % 7 = 0',
    );
    expect(found['is_admin']).toEqual({ filled: 100, lost: 100 });
  });

  test('finds values that moved to another table, either way', async () => {
    const child = await bench.columns(
      USERS,
      `CREATE TABLE ages (id serial PRIMARY KEY, user_id int REFERENCES users, years int);
       INSERT INTO ages (user_id, years) SELECT id, age FROM users WHERE age IS NOT NULL; ALTER TABLE users DROP age`,
    );
    expect(child['age']).toEqual({ filled: 90, moved_to: 'public.ages.years' });
    const parent = await bench.columns(
      USERS,
      `CREATE TABLE names (id serial PRIMARY KEY, text text UNIQUE); INSERT INTO names (text) SELECT DISTINCT name FROM users;
       ALTER TABLE users ADD name_id int REFERENCES names; UPDATE users SET name_id = n.id FROM names n WHERE n.text = name; ALTER TABLE users DROP name`,
    );
    expect(parent['name']).toEqual({ filled: 100, moved_to: 'public.names.text' });
  });

  test('tells a table that is gone from one that was replaced, moved or split', async () => {
    expect(await bench.table(USERS, 'DROP TABLE users')).toMatchObject({
      rows_before: 100,
      rows_after: 0,
      rows_lost: 100,
    });
    const replaced = await bench.table(
      USERS,
      `CREATE TABLE users_new (LIKE users INCLUDING ALL); INSERT INTO users_new SELECT * FROM users WHERE id <> 4;
       DROP TABLE users; ALTER TABLE users_new RENAME TO users`,
    );
    expect(replaced).toMatchObject({ now: 'public.users', rows_lost: 1, examples: ['4'] });
    const moved = await bench.table(
      USERS,
      'CREATE TABLE people (LIKE users INCLUDING ALL); INSERT INTO people SELECT * FROM users; DROP TABLE users',
    );
    expect(moved).toMatchObject({ rows_lost: 0, moved_to: 'public.people' });
    expect(moved.columns.map(({ lost, moved_to }) => [lost, moved_to])).toEqual([
      [0, 'public.people.id'],
      [0, 'public.people.name'],
      [0, 'public.people.age'],
      [0, 'public.people.paid'],
    ]);
    const archived = await bench.table(
      USERS,
      'CREATE TABLE old (LIKE users INCLUDING ALL); INSERT INTO old SELECT * FROM users WHERE id < 20; DELETE FROM users WHERE id < 20',
    );
    expect(archived).toMatchObject({
      rows_before: 100,
      rows_after: 81,
      rows_lost: 0,
      moved_to: 'public.old',
    });
  });

  test('knows rows by another key when the primary one is replaced', async () => {
    const before = `${USERS} ALTER TABLE users ADD UNIQUE (name)`;
    const fate = await bench.table(
      before,
      `ALTER TABLE users DROP id, ADD id uuid DEFAULT gen_random_uuid() PRIMARY KEY; UPDATE users SET age = 1 WHERE age = 2`,
    );
    expect(fate).toMatchObject({ rows_lost: 0, rows_added: 0 });
    expect(fate.columns[2]).toMatchObject({ changed: 10, examples: [] });
  });
});
