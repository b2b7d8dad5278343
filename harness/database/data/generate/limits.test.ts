import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { openClient } from '../../server/client.ts';
import { fillDatabase } from '../fill.ts';
import { type DataShape, readShape } from '../shape.ts';
import { ask, useGenerator } from '../testing/generated.ts';

const { server, generated, refused } = useGenerator();

describe('what cannot be satisfied is named', () => {
  test.each([
    [
      'CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CONSTRAINT odd_one CHECK (n * n = 14161 AND n > 100))',
      'the condition odd_one of public.t',
    ],
    [
      'CREATE TABLE t (flag boolean PRIMARY KEY)',
      'public.t cannot have 1000 rows: its key t_pkey (flag) allows 2',
    ],
    [
      'CREATE TABLE t (room int4range, EXCLUDE USING gist (room WITH &&))',
      'exclusion constraint "t_room_excl"',
    ],
    [
      'CREATE TABLE t (a int NOT NULL, b int); CREATE UNIQUE INDEX few ON t ((a % 10)) WHERE a % 10 >= 0',
      'few',
    ],
  ])('%s', async (schema, message) => {
    const error = await refused(schema, { tables: ['public.t'] });
    expect(error).toBeInstanceOf(UnfitError);
    expect(error.message).toContain(message);
    expect(error.next).toBeTruthy();
  });

  test('a table that is not there', async () => {
    const error = await refused('CREATE TABLE t (id int)', { tables: ['public.orders'] });
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('rows are wanted for public.orders, which is not in the schema');
    expect(error.next).toContain('public.t');
  });

  test('fewer rows are made where nobody said how many', async () => {
    const { facts } = await generated('CREATE TABLE t (flag boolean PRIMARY KEY)');
    expect(facts.tables).toMatchObject([{ rows: 2 }]);
  });
});

test('a table for one row gets one, though it was asked for, and the others refer to that', async () => {
  const { facts } = await generated(
    `CREATE TABLE site (id int PRIMARY KEY, name text); CREATE UNIQUE INDEX one ON site ((true));
     CREATE TABLE page (id int PRIMARY KEY, site int NOT NULL REFERENCES site);`,
    { tables: ['public.site', 'public.page'] },
  );
  expect(facts.tables).toMatchObject([
    { table: 'public.page', rows: 1000 },
    { table: 'public.site', rows: 1 },
  ]);
});

describe('a description', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-shape-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const described = async (text: string): Promise<DataShape> => {
    const file = join(folder, 'data.yaml');
    await writeFile(file, text);
    return await readShape(file);
  };

  test('says how many rows there are and how values are spread', async () => {
    const shape = await described(`
tables:
  public.t:
    rows: 4000
    columns:
      note: { nulls: 0.5, distinct: 7, longest: 300, skew: 1 }
      code: { values: [x, 1, true] }
`);
    const { template, facts } = await generated(
      'CREATE TABLE t (id int PRIMARY KEY, note text, code text NOT NULL)',
      { shape },
    );
    expect(facts.tables).toMatchObject([{ rows: 4000 }]);
    const found = await ask(
      template,
      `SELECT count(note)::float8 / 4000 AS filled, count(DISTINCT note)::int AS notes,
         array_agg(DISTINCT code ORDER BY code) AS codes FROM t`,
    );
    expect(found).toMatchObject({ notes: 7, codes: ['1', 'true', 'x'] });
    expect(found?.['filled']).toBeCloseTo(0.5, 1);
  });

  test('of a column or a table that is not there is refused, unless it is of another database', async () => {
    const schema = 'CREATE TABLE t (id int PRIMARY KEY)';
    const shape = await described('tables:\n  public.t:\n    columns: { nmae: {} }\n');
    expect((await refused(schema, { shape })).message).toBe(
      'the description of the data names public.t.nmae, which is not in the schema',
    );
    const other = await described('tables:\n  public.u: {}\n');
    expect((await refused(schema, { shape: other })).message).toContain(
      'public.u, which is not in the schema',
    );
    const { facts } = await generated(schema, { shape: { ...other, of_another: true } });
    expect(facts.tables).toMatchObject([{ rows: 1000 }]);
  });

  test.each([
    ['tables:\n  t: {}\n', '2:6', 'schema.table'],
    ['tables:\n  public.t:\n    rows: many\n', '3:11', 'whole number'],
    ['tables:\n  public.t:\n    columns:\n      a: { nulls: 2 }\n', '4:19', '0 to 1'],
  ])('that is wrong is told by its place (%j)', async (text, place, message) => {
    const read = described(text);
    await expect(read).rejects.toThrow(UsageError);
    await expect(read).rejects.toThrow(`data.yaml:${place}: `);
    await expect(read).rejects.toThrow(message);
  });
});

test('it is called off in the middle of its work', async () => {
  const stop = new AbortController();
  const reason = new Error('called off');
  let since = 0;
  const filling = fillDatabase(
    server(),
    {
      source: 'generated',
      rows: 100_000,
      seed: 1,
      makeSchema: async (address) => {
        await using client = await openClient(address);
        await client.query(
          `CREATE FUNCTION slow(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1 FROM pg_sleep(600)';
           CREATE TABLE t (id int PRIMARY KEY); CREATE INDEX ON t (slow(id))`,
        );
      },
    },
    {
      signal: stop.signal,
      progress: (line) => {
        if (line !== 'building indexes') return;
        // The index is being built by then, as the first one that it would not end of itself.
        setTimeout(() => {
          since = performance.now();
          stop.abort(reason);
        }, 500);
      },
    },
  );
  await expect(filling).rejects.toBe(reason);
  expect(performance.now() - since).toBeLessThan(30_000);
  await using database = await server().create();
  expect(
    await ask(database, `SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'guard%'`),
  ).toEqual({ n: 1 });
});
