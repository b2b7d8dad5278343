import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import { type Ask, askBy } from './ask.ts';
import { contentOf, settledPosition } from './content.ts';
import { postgresPrograms, startServer, type TestServer } from './testing/server.ts';

const programs = postgresPrograms();

const MAKE = `
CREATE SCHEMA shop;
CREATE TABLE shop.orders (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  lines jsonb NOT NULL,
  total_cents bigint NOT NULL CHECK (total_cents >= 0),
  accepted_at timestamptz NOT NULL
);
CREATE INDEX orders_by_time ON shop.orders (accepted_at);
CREATE TABLE shop.notes (note text);
CREATE SEQUENCE shop.numbers START 100 INCREMENT -5 MINVALUE 1 MAXVALUE 100;
CREATE TABLE shop.numbered (n integer NOT NULL DEFAULT nextval('shop.numbers'), "odd ""name" text DEFAULT 'it''s');
CREATE TABLE shop.parts (day date NOT NULL, value text) PARTITION BY RANGE (day);
CREATE TABLE shop.parts_2026 PARTITION OF shop.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
`;

function fill(order: 'ASC' | 'DESC'): string {
  return `
INSERT INTO shop.orders (position, id, lines, total_cents, accepted_at) OVERRIDING SYSTEM VALUE
  SELECT g, 'order-' || g, json_build_object('item', g), g * 7, '2026-01-01T00:00:00Z'::timestamptz + g * interval '1 s'
  FROM generate_series(1, 200) g ORDER BY g ${order};
SELECT setval('shop.orders_position_seq', 200);
INSERT INTO shop.notes SELECT n FROM (VALUES (1, 'same'), (2, 'same'), (3, NULL), (4, '')) v (i, n) ORDER BY i ${order};
INSERT INTO shop.numbered ("odd ""name") VALUES ('a'), ('b');
INSERT INTO shop.parts SELECT '2026-01-01'::date + g, 'v' || g FROM generate_series(1, 10) g ORDER BY g ${order};
`;
}

const add = (id: string) =>
  `INSERT INTO shop.orders (id, lines, total_cents, accepted_at) VALUES ('${id}', '{}', 1, now())`;

describe.skipIf(programs === undefined)('the content of a database', () => {
  let server: TestServer;
  let made = 0;

  beforeAll(async () => {
    server = await startServer(programs ?? '');
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  /** A database of its own with the given content, and a connection to it. */
  async function database(...statements: readonly string[]): Promise<pg.Client & AsyncDisposable> {
    made += 1;
    const name = `test_${made}`;
    await using maker = await server.connect();
    await maker.query(`CREATE DATABASE ${name}`);
    await using stack = new AsyncDisposableStack();
    const client = stack.use(await server.connect(name));
    for (const statement of statements) await client.query(statement);
    stack.move();
    return client;
  }

  const read = async (...statements: readonly string[]) => {
    await using client = await database(...statements);
    return await contentOf(askBy(client));
  };

  test('does not depend on the order in which rows were written, nor on how they lie', async () => {
    const one = await read(MAKE, fill('ASC'));
    const other = await read(
      MAKE,
      fill('DESC'),
      'UPDATE shop.orders SET total_cents = total_cents',
      'VACUUM FULL',
    );
    expect(other).toEqual(one);
    expect(one.tables.map(({ table, rows }) => [table, rows])).toEqual([
      ['shop.notes', 4],
      ['shop.numbered', 2],
      ['shop.orders', 200],
      ['shop.parts', 10],
    ]);
  });

  test('says what it is made of', async () => {
    const { sequences, largest_keys, constraints, indexes, columns } = await read(MAKE, fill('ASC'));
    expect(sequences).toEqual({ 'shop.orders_position_seq': 200, 'shop.numbers': 95 });
    expect(largest_keys).toEqual({ 'shop.orders_position_seq': 200 });
    expect(constraints['shop.orders.orders_total_cents_check']).toBe('CHECK ((total_cents >= 0))');
    expect(indexes['shop.orders_by_time']).toContain('USING btree (accepted_at)');
    expect(columns['shop.numbered.odd "name']).toBe(`text DEFAULT 'it''s'::text`);
    expect(columns['shop.orders.position']).toBe('bigint NOT NULL GENERATED ALWAYS AS IDENTITY');
  });

  test.each([
    [
      'one row is lost',
      'DELETE FROM shop.orders WHERE position = 17',
      'shop.orders',
      'position id lines total_cents accepted_at',
    ],
    [
      'one value is changed',
      "UPDATE shop.orders SET lines = '{}' WHERE position = 17",
      'shop.orders',
      'lines',
    ],
    [
      'two values change places',
      'UPDATE shop.orders o SET total_cents = (17 + 18) * 7 - o.total_cents WHERE position IN (17, 18)',
      'shop.orders',
      'total_cents',
    ],
    [
      'a missing value becomes an empty one',
      "UPDATE shop.notes SET note = '' WHERE note IS NULL",
      'shop.notes',
      'note',
    ],
    [
      'rows that are alike are exchanged for others',
      "UPDATE shop.notes SET note = 'other' WHERE note = 'same'",
      'shop.notes',
      'note',
    ],
    [
      'a row of a partition is changed',
      "UPDATE shop.parts_2026 SET value = 'x' WHERE value = 'v3'",
      'shop.parts',
      'value',
    ],
  ])('notices that %s', async (_what, change, table, column) => {
    const before = await read(MAKE, fill('ASC'));
    const after = await read(MAKE, fill('ASC'), change);
    const differing = after.tables.filter(
      ({ content_hash }, index) => content_hash !== before.tables[index]?.content_hash,
    );
    expect(differing.map((one) => one.table)).toEqual([table]);
    const was = before.tables.find((one) => one.table === table)?.columns ?? {};
    const is = Object.entries(differing[0]?.columns ?? {});
    expect(
      is
        .filter(([name, hash]) => was[name] !== hash)
        .map(([name]) => name)
        .join(' '),
    ).toBe(column);
  });

  test('an index that could not be built says so', async () => {
    await using client = await database(MAKE, fill('ASC'), "INSERT INTO shop.notes VALUES ('same')");
    await expect(client.query('CREATE UNIQUE INDEX CONCURRENTLY once ON shop.notes (note)')).rejects.toThrow(
      'once',
    );
    const { indexes } = await contentOf(askBy(client));
    expect(indexes['shop.once']).toContain(' INVALID');
  });

  test('a sequence that is behind its column can be told', async () => {
    const behind = await read(MAKE, fill('ASC'), "SELECT setval('shop.orders_position_seq', 150)");
    expect(behind.sequences['shop.orders_position_seq']).toBe(150);
    expect(behind.largest_keys['shop.orders_position_seq']).toBe(200);
  });

  test('rows behind a position do not count', async () => {
    const more =
      "INSERT INTO shop.orders (id, lines, total_cents, accepted_at) VALUES ('new', '{}', 1, now())";
    await using client = await database(MAKE, fill('ASC'));
    const up_to = [{ table: 'shop.orders', column: 'position', position: 200 }];
    const before = await contentOf(askBy(client), { up_to });
    await client.query(more);
    const after = await contentOf(askBy(client), { up_to });
    expect(after.tables).toEqual(before.tables);
    expect(after.up_to).toEqual({ 'shop.orders': 200 });
    expect((await contentOf(askBy(client))).tables).not.toEqual(before.tables);
  });

  test('is the same by psql as by a connection of our own, whatever is set there', async () => {
    await using client = await database(MAKE, fill('ASC'));
    const name = `test_${made}`;
    const ask: Ask = (statements) => {
      const flags = [
        '--no-psqlrc',
        '--quiet',
        '--no-align',
        '--tuples-only',
        '--set=ON_ERROR_STOP=1',
        '--file=-',
      ];
      const to = [`--host=${server.host}`, '--username=postgres', `--dbname=${name}`];
      const env = { PGOPTIONS: '-c timezone=Asia/Tokyo -c datestyle=SQL -c extra_float_digits=-3' };
      return Promise.resolve(
        execFileSync(join(programs ?? '', 'psql'), [...to, ...flags], {
          input: statements,
          env,
          encoding: 'utf8',
        }),
      );
    };
    expect(await contentOf(ask)).toEqual(await contentOf(askBy(client)));
  });

  test('says what the database refused', async () => {
    await using client = await database(MAKE);
    await client.query('CREATE ROLE stranger; SET ROLE stranger');
    await expect(contentOf(askBy(client))).rejects.toThrow(UnfitError);
    await expect(contentOf(askBy(client))).rejects.toThrow(/permission denied/);
    await client.query('RESET ROLE; DROP ROLE stranger');
  });

  test('a position is settled only once earlier writers have ended', async () => {
    await using slow = await database(MAKE, fill('ASC'));
    await using fast = await server.connect(`test_${made}`);
    await using reader = await server.connect(`test_${made}`);
    await slow.query(`BEGIN; ${add('slow')}`);
    await fast.query(add('fast'));
    const growing = { table: 'shop.orders', column: 'position' };
    const settled = settledPosition(askBy(reader), growing);
    await expect(settledPosition(askBy(fast), growing, 0.2)).rejects.toThrow(DeadlineError);
    await slow.query('COMMIT');
    expect(await settled).toEqual({ ...growing, position: 202 });
  });
});
