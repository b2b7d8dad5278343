import { expect, test } from 'vitest';
import { openClient } from '../../server/client.ts';
import type { ScratchDatabase } from '../../server/types.ts';
import { ask, useGenerator } from '../testing/generated.ts';
import { shareOfRows } from './share.ts';

const { server } = useGenerator();
const { signal } = new AbortController();

const ROWS = 4000;

/** A database of these statements. */
async function made(statements: string): Promise<ScratchDatabase> {
  const database = await server().create();
  await using client = await openClient(database.address);
  await client.query(statements);
  return database;
}

async function share(
  template: ScratchDatabase,
  of: number,
  tables: readonly string[],
  largest = tables[0] ?? '',
) {
  return await shareOfRows(server(), template, { share: of, tables, largest, seed: 1, signal });
}

const SHOP = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, boss int REFERENCES users);
CREATE TABLE orders (id int PRIMARY KEY, owner int REFERENCES users ON DELETE RESTRICT, note text);
CREATE TABLE states (id int PRIMARY KEY, name text);
CREATE TABLE logs (id int, text text);
INSERT INTO users SELECT i, CASE WHEN i % 4 = 0 THEN repeat('long ', 40) ELSE 'short' END, nullif(i / 2, 0) FROM generate_series(1, ${ROWS}) AS i;
INSERT INTO orders SELECT i, nullif(i % ${ROWS}, 0), 'note' FROM generate_series(1, ${ROWS * 2}) AS i;
INSERT INTO states VALUES (1, 'open'), (2, 'shut');
INSERT INTO logs SELECT i, repeat('x', 300) FROM generate_series(1, ${ROWS * 2}) AS i;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no row goes'; END $$;
CREATE TRIGGER refuse BEFORE DELETE OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse();`;

test('the rows that stay are as they were, as often each, and their references hold', async () => {
  await using template = await made(SHOP);
  await using part = await share(template, 0.1, ['public.users']);
  const found = await ask(
    part,
    `SELECT count(*)::int AS users, avg((length(name) > 100)::int)::float8 AS long,
       (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM states) AS states, (SELECT count(*)::int FROM logs) AS logs,
       (SELECT count(*)::int FROM orders AS o WHERE owner IS NOT NULL AND NOT EXISTS (SELECT FROM users AS u WHERE u.id = o.owner)) AS orphans,
       (SELECT count(*)::int FROM users AS u WHERE boss IS NOT NULL AND NOT EXISTS (SELECT FROM users AS b WHERE b.id = u.boss)) AS lost
     FROM users`,
  );
  // Six standard deviations.
  expect(found?.['users']).toBeGreaterThan(280);
  expect(found?.['users']).toBeLessThan(520);
  expect(found?.['long']).toBeGreaterThan(0.1);
  expect(found?.['long']).toBeLessThan(0.4);
  expect(found?.['orders']).toBeGreaterThan(560);
  expect(found?.['orders']).toBeLessThan(1050);
  // What has nothing to do with it and is large goes, as every copy would have to take it along.
  expect(found).toMatchObject({ orphans: 0, lost: 0, states: 2, logs: 0 });
  // The template is as it was.
  expect(await ask(template, 'SELECT count(*)::int AS rows FROM users')).toEqual({ rows: ROWS });
  // The server itself agrees that all references hold.
  await using client = await openClient(part.address);
  await client.query(
    'ALTER TABLE orders ADD FOREIGN KEY (owner) REFERENCES users; ALTER TABLE users ADD FOREIGN KEY (boss) REFERENCES users',
  );
  const size = await ask(part, "SELECT pg_relation_size('users')::int AS users");
  const whole = await ask(template, "SELECT pg_relation_size('users')::int AS users");
  expect(Number(size?.['users'])).toBeLessThan(Number(whole?.['users']) / 5);
});

test('the same seed keeps the same rows', async () => {
  await using template = await made(SHOP);
  await using one = await share(template, 0.1, ['public.users']);
  await using other = await share(template, 0.1, ['public.users']);
  const rows = 'SELECT sum(id)::int AS sum, count(*)::int AS rows FROM users';
  expect(await ask(one, rows)).toEqual(await ask(other, rows));
});

test('partitions, and references that may not be NULL or go in a circle, are no hindrance', async () => {
  await using template = await made(`
    CREATE TABLE days (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (50);
    CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (50) TO (100);
    INSERT INTO days SELECT i, i % 100 FROM generate_series(1, ${ROWS}) AS i;
    CREATE TABLE tree (id int PRIMARY KEY, root int NOT NULL REFERENCES tree DEFERRABLE);
    INSERT INTO tree SELECT i, CASE WHEN i <= 100 THEN i ELSE 1 + i % 100 END FROM generate_series(1, ${ROWS}) AS i;
    CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
    INSERT INTO a SELECT i, CASE WHEN i % 2 = 0 THEN i / 2 END FROM generate_series(1, 100) AS i; INSERT INTO b SELECT i, i FROM generate_series(1, 100) AS i;
    ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b`);
  await using days = await share(template, 0.3, ['public.days']);
  const parts = await ask(
    days,
    'SELECT (SELECT count(*)::int FROM days_1) AS one, (SELECT count(*)::int FROM days_2) AS two',
  );
  for (const rows of Object.values(parts ?? {})) {
    expect(rows).toBeGreaterThan(400);
    expect(rows).toBeLessThan(800);
  }
  await using tree = await share(template, 0.5, ['public.tree']);
  const lost = await ask(
    tree,
    `SELECT count(*)::int AS rows, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM tree AS t WHERE t.id = c.root))::int AS lost FROM tree AS c`,
  );
  expect(lost?.['rows']).toBeGreaterThan(0);
  expect(lost?.['lost']).toBe(0);
  await using circle = await share(template, 0.5, ['public.a', 'public.b']);
  const open = await ask(
    circle,
    `SELECT (SELECT count(*)::int FROM a WHERE b IS NOT NULL AND NOT EXISTS (SELECT FROM b WHERE b.id = a.b)) AS a,
       (SELECT count(*)::int FROM b WHERE NOT EXISTS (SELECT FROM a WHERE a.id = b.a)) AS b, (SELECT count(*)::int FROM a) AS rows`,
  );
  expect(open).toMatchObject({ a: 0, b: 0 });
  expect(open?.['rows']).toBeGreaterThan(20);
});

test('rows that all hang on each other have no part that stands by itself', async () => {
  await using template = await made(`
    CREATE TABLE chain (id int PRIMARY KEY, before int NOT NULL REFERENCES chain);
    INSERT INTO chain SELECT i, greatest(1, i - 1) FROM generate_series(1, ${ROWS}) AS i`);
  await expect(share(template, 0.99, ['public.chain'])).rejects.toThrow(
    'rows of public.chain refer to each other, so that no smaller part of them stands by itself',
  );
});
