import { describe, expect, test } from 'vitest';
import { embedded } from '../testing/embedded.ts';
import { openSession } from './apply-session.ts';
import { type RoundTripOptions, roundTrip } from './round-trip.ts';
import { madeFile } from './testing/made-file.ts';

const MADE = `
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, email text, age int);
INSERT INTO users (name, email, age) SELECT 'name ' || g, nullif('u' || g, 'u7'), g FROM generate_series(1, 100) g;
CREATE TABLE log (line text);
INSERT INTO log SELECT 'line ' || g % 3 FROM generate_series(1, 9) g;
CREATE INDEX by_name ON users (name);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
`;

describe('up, down and up again', { timeout: 120_000 }, () => {
  const made = embedded(MADE);

  async function trip(
    up: readonly string[],
    down: readonly string[] | undefined,
    write?: string,
    {
      down_in_transaction = true,
      ...more
    }: Partial<RoundTripOptions> & { down_in_transaction?: boolean } = {},
  ) {
    await using copy = await made.copy();
    const { address } = copy;
    return await roundTrip({
      address,
      migration: {
        up: madeFile(...up),
        ...(down === undefined
          ? {}
          : { down: { ...madeFile(...down), in_transaction: down_in_transaction } }),
        in_transaction: true,
      },
      ...(write === undefined
        ? {}
        : {
            write: async (at) => {
              await using session = await openSession(at, 'test');
              await session.client.query(write);
            },
          }),
      ...more,
    });
  }

  /** What is not as it was, as `table.column: what and how often`. */
  function differences(facts: Awaited<ReturnType<typeof trip>>['up_down']): readonly string[] {
    return (facts?.data.tables ?? []).flatMap(({ table, rows_lost, rows_added, columns }) => [
      ...(rows_lost > 0 ? [`${table}: lost ${rows_lost}`] : []),
      ...(rows_added > 0 ? [`${table}: added ${rows_added}`] : []),
      ...columns.flatMap((column) =>
        (['changed', 'nulled', 'gained', 'lost'] as const).flatMap((what) =>
          column[what] > 0 ? [`${table}.${column.column}: ${what} ${column[what]}`] : [],
        ),
      ),
    ]);
  }

  test('goes back in the manner of the way back, not of the way up', async () => {
    const index = ['CREATE INDEX added ON users (name)'];
    const back = ['DROP INDEX CONCURRENTLY added'];
    const alone = await trip(index, back, undefined, { down_in_transaction: false });
    expect(alone.up_down).toEqual({ schema: [], data: { tables: [] }, written_lost: 0 });
    expect((await trip(index, back)).up_down?.refusal?.code).toBe('25001');
  });

  test('says so when there is no way back', async () => {
    expect(await trip(['ALTER TABLE users ADD nick text'], undefined)).toEqual({
      missing: 'there is no down',
      up_down: undefined,
      up_down_up: undefined,
      written_between: 0,
    });
    expect(await trip(['SELECT 1 / 0'], ['SELECT 1'])).toMatchObject({
      missing: 'the up was refused: division by zero',
    });
  });

  test('finds nothing where the way back is the inverse, whatever the new release wrote', async () => {
    const facts = await trip(
      ['ALTER TABLE users ADD nick text', 'ALTER TABLE users RENAME name TO full_name'],
      ['ALTER TABLE users RENAME full_name TO name', 'ALTER TABLE users DROP nick'],
      `INSERT INTO users (full_name, nick) VALUES ('new', 'n'), ('newer', 'r'); UPDATE users SET email = 'changed' WHERE id = 5;
       UPDATE users SET nick = 'five' WHERE id = 6; DELETE FROM users WHERE id = 9; INSERT INTO log VALUES ('line 1')`,
    );
    expect(facts.up_down).toMatchObject({ schema: [], written_lost: 0 });
    expect(facts.up_down_up).toMatchObject({ schema: [] });
    expect(differences(facts.up_down)).toEqual([]);
    expect(differences(facts.up_down_up)).toEqual([]);
    // Two rows were added, two changed; one more line of the log.
    expect(facts.written_between).toBe(5);
    // What the new column held cannot come back with it: three values, each in a row that was written.
    expect(facts.up_down_up?.written_lost).toBe(0);
    const users = facts.up_down?.written?.tables.find(({ table }) => table === 'public.users');
    expect(users?.columns.find(({ column }) => column === 'nick')).toMatchObject({ lost: 3 });
  });

  test('finds a way back that restores the schema and not the data', async () => {
    const facts = await trip(['ALTER TABLE users DROP email'], ['ALTER TABLE users ADD email text']);
    expect(facts.up_down?.schema).toEqual([
      'column order of public.users differs: id, name, email, age -> id, name, age, email',
    ]);
    expect(differences(facts.up_down)).toEqual(['public.users.email: nulled 99']);
    expect(facts.up_down_up?.schema).toEqual([]);
  });

  test('finds values that do not come back as they were', async () => {
    const facts = await trip(
      [
        'ALTER TABLE users ALTER name TYPE varchar(6) USING name::varchar(6)',
        `UPDATE users SET email = 'x' WHERE email IS NULL`,
      ],
      ['ALTER TABLE users ALTER name TYPE text'],
    );
    expect(facts.up_down?.schema).toEqual([]);
    // name 10 to name 100 have lost their last digits.
    expect(differences(facts.up_down)).toEqual([
      'public.users.name: changed 91',
      'public.users.email: gained 1',
    ]);
    expect(differences(facts.up_down_up)).toEqual([]);
  });

  test('finds written rows that the way back loses', async () => {
    const facts = await trip(
      ['ALTER TABLE users ADD is_guest bool NOT NULL DEFAULT false'],
      ['DELETE FROM users WHERE is_guest', 'ALTER TABLE users DROP is_guest'],
      `INSERT INTO users (name, is_guest) VALUES ('guest', true), ('no guest', false)`,
    );
    expect(facts).toMatchObject({ written_between: 2, up_down: { schema: [], written_lost: 1 } });
    expect(differences(facts.up_down)).toEqual([]);
  });

  test('does not ask for rows of a table that goes with the way back', async () => {
    const facts = await trip(
      ['CREATE TABLE tags (id int PRIMARY KEY, tag text)', `INSERT INTO tags SELECT id, 'user' FROM users`],
      ['DROP TABLE tags'],
      `INSERT INTO tags VALUES (1000, 'new'); UPDATE tags SET tag = 'other' WHERE id = 3; INSERT INTO users (name) VALUES ('new')`,
    );
    expect(facts).toMatchObject({
      written_between: 3,
      up_down: { schema: [], written_lost: 0 },
      up_down_up: { schema: [], written_lost: 0 },
    });
    expect(differences(facts.up_down)).toEqual([]);
    expect(differences(facts.up_down_up)).toEqual([]);
    expect(facts.up_down?.written?.tables.find(({ table }) => table === 'public.tags')).toMatchObject({
      rows_lost: 2,
    });
  });

  test('is not put off by values that each up makes anew', async () => {
    const facts = await trip(
      [
        'ALTER TABLE users ADD token uuid DEFAULT gen_random_uuid(), ADD is_new bool DEFAULT false',
        'CREATE TABLE keys (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), of int)',
        'INSERT INTO keys (of) SELECT id FROM users',
      ],
      ['DROP TABLE keys', 'ALTER TABLE users DROP token, DROP is_new'],
    );
    expect(differences(facts.up_down)).toEqual([]);
    expect(differences(facts.up_down_up)).toEqual([]);
  });

  test('finds a second up that makes of it something else', async () => {
    const facts = await trip(
      [
        'ALTER TABLE users ADD old_age int',
        'UPDATE users SET old_age = age',
        'UPDATE users SET age = age + 1 WHERE id < 4',
      ],
      ['ALTER TABLE users DROP old_age'],
    );
    expect(differences(facts.up_down)).toEqual(['public.users.age: changed 3']);
    expect(differences(facts.up_down_up)).toEqual([
      'public.users.age: changed 3',
      'public.users.old_age: changed 3',
    ]);
  });

  test('finds written values that the way back does not copy', async () => {
    const facts = await trip(
      [
        'ALTER TABLE users ADD full_name text',
        'UPDATE users SET full_name = name',
        'ALTER TABLE users DROP name',
      ],
      [
        'ALTER TABLE users ADD name text',
        'UPDATE users SET name = full_name WHERE id <= 100',
        'ALTER TABLE users DROP full_name',
      ],
      `INSERT INTO users (full_name) VALUES ('new'), ('newer')`,
    );
    expect(facts).toMatchObject({ written_between: 2, up_down: { written_lost: 2 } });
    expect(differences(facts.up_down)).toEqual([]);
  });

  test.each([
    ['an index', 'DROP INDEX by_name', 'SELECT 1', /^index public.by_name is gone/],
    ['a trigger', 'DROP TRIGGER touched ON users', 'SELECT 1', /^trigger public.users.touched is gone/],
    [
      'a function',
      `CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
      'SELECT 1',
      /^function public.touch\(\) differs/,
    ],
    ['a type', `CREATE TYPE mood AS ENUM ('good')`, 'SELECT 1', /^type public.mood was not there/],
    ['a value of an enum', `CREATE TYPE mood AS ENUM ('good')`, 'SELECT 1', /ENUM 'good'/],
    ['a privilege', 'GRANT SELECT ON users TO public', 'SELECT 1', /^table public.users differs/],
    [
      'a comment',
      `COMMENT ON COLUMN users.age IS 'in years'`,
      'SELECT 1',
      /^column public.users.age differs/,
    ],
    [
      'a constraint that is not validated',
      'SELECT 1',
      'ALTER TABLE users ADD CONSTRAINT aged CHECK (age > 0) NOT VALID',
      /^constraint public.users.aged was not there: .*NOT VALID/,
    ],
    [
      'a view',
      'CREATE VIEW v AS SELECT id FROM users',
      'CREATE OR REPLACE VIEW v AS SELECT id + 0 AS id FROM users',
      /^view public.v was not there/,
    ],
    [
      'a sequence',
      'ALTER TABLE users ALTER id DROP IDENTITY',
      'ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY',
      /^sequence public.users_id_seq is behind: it stands at 0, not at 100/,
    ],
  ])('finds %s that is not as before', async (_what, up, down, line) => {
    const { up_down } = await trip([up], [down]);
    expect(up_down?.schema).toEqual([expect.stringMatching(line)]);
  });

  test('tells a refused way back and a refused second way there', async () => {
    const down = await trip(['ALTER TABLE users ADD nick text'], ['ALTER TABLE users DROP nickname']);
    expect(down).toMatchObject({ up_down: { refusal: { index: 0, code: '42703' } }, up_down_up: undefined });
    const up = await trip(['CREATE TABLE extra (id int)'], ['SELECT 1']);
    expect(up).toMatchObject({
      up_down: {
        schema: ['column order of public.extra was not there: id', expect.anything(), expect.anything()],
      },
      up_down_up: { refusal: { code: '42P07' } },
    });
  });
});
