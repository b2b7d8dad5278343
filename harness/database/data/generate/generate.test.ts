import { describe, expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { askBy } from '../../ask.ts';
import { contentOf } from '../../content.ts';
import { openClient } from '../../server/client.ts';
import { startSmallServer } from '../../testing/small-server.ts';
import type { ScratchDatabase } from '../../server/types.ts';
import { ask, useGenerator } from '../testing/generated.ts';

const SHOP = `
CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE users (id bigserial PRIMARY KEY, email varchar(120) NOT NULL UNIQUE, name text, born date,
  active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX ON users (lower(email));
CREATE TABLE products (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku uuid NOT NULL UNIQUE,
  price numeric(10, 2) NOT NULL CHECK (price >= 0), tags text[], data jsonb, code char(3) NOT NULL CHECK (code ~ '^[A-Z]{3}$'));
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, product_id int REFERENCES products (id),
  state state NOT NULL, kind text NOT NULL CHECK (kind IN ('a', 'b''s', 'c')), amount positive NOT NULL, note varchar(40),
  starts timestamptz NOT NULL, ends timestamptz, CHECK (ends IS NULL OR ends > starts), parent bigint REFERENCES orders,
  paid_at date, paid_by text, CHECK ((paid_at IS NULL) = (paid_by IS NULL)),
  doubled bigint GENERATED ALWAYS AS (amount * 2) STORED);
CREATE INDEX ON orders (user_id);
CREATE TABLE votes (user_id bigint REFERENCES users, order_id bigint REFERENCES orders, vote smallint NOT NULL CHECK (vote IN (-1, 1)),
  PRIMARY KEY (user_id, order_id));
CREATE TABLE vote_notes (user_id bigint, order_id bigint, note text NOT NULL, PRIMARY KEY (user_id, order_id),
  FOREIGN KEY (user_id, order_id) REFERENCES votes);`;

const { generated, refused } = useGenerator();

async function contentIn({ address }: ScratchDatabase) {
  await using client = await openClient(address);
  return await contentOf(askBy(client));
}

describe('a shop', () => {
  test('gets the rows that were asked for, and every constraint holds', async () => {
    const { template, facts } = await generated(SHOP, { rows: 20_000, tables: ['public.orders'] });
    expect(facts).toMatchObject({ source: 'generated', from: 'the schema', seed: 1 });
    expect(Object.fromEntries(facts.tables.map(({ table, rows }) => [table, rows]))).toEqual({
      'public.orders': 20_000,
      'public.users': 2000,
      'public.products': 2000,
      'public.votes': 1000,
      'public.vote_notes': 1000,
    });
    // The server itself looks at all that it was told to leave alone meanwhile.
    await using client = await openClient(template.address);
    const { rows: constraints } = await client.query<{ name: string; at: string; definition: string }>(
      `SELECT conname AS name, conrelid::regclass::text AS at, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 AND conparentid = 0`,
    );
    expect(constraints.length).toBeGreaterThan(10);
    for (const { name, at, definition } of constraints) {
      await client.query(
        `ALTER TABLE ${at} DROP CONSTRAINT "${name}", ADD CONSTRAINT "${name}" ${definition}`,
      );
    }
    await client.query('CREATE EXTENSION amcheck');
    const { rows: indexes } = await client.query(
      `SELECT bt_index_check(indexrelid, true), indisvalid AND indisready AS usable FROM pg_index
       WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)`,
    );
    expect(indexes.map(({ usable }: { usable?: boolean }) => usable)).toEqual(indexes.map(() => true));
    // Sequences go on after what is there.
    await client.query(
      `INSERT INTO orders (user_id, state, kind, amount, starts) VALUES (1, 'new', 'a', 1, now())`,
    );
    await client.query(`INSERT INTO products (sku, price, code) VALUES (gen_random_uuid(), 1, 'ZZZ')`);
  });

  test('has NULLs, the longest values, few frequent values and many rare ones, letters of several bytes', async () => {
    const { template } = await generated(SHOP, { rows: 20_000, tables: ['public.orders'], seed: 2 });
    const found = await ask(
      template,
      `SELECT count(*) FILTER (WHERE note IS NULL)::float8 / count(*) AS nulls, max(length(note)) AS longest,
         max(octet_length(note)) AS most_bytes, count(DISTINCT note)::int AS notes, count(DISTINCT state)::int AS states,
         (SELECT max(n) FROM (SELECT count(*)::int AS n FROM orders GROUP BY user_id) AS c) AS most_of_a_user,
         count(DISTINCT user_id)::int AS users, count(*) FILTER (WHERE octet_length(note) > length(note))::int AS foreign_notes,
         (SELECT max(length(email)) FROM users) AS longest_email
       FROM orders`,
    );
    expect(found).toMatchObject({ longest: 40, states: 3, longest_email: 120 });
    expect(found?.['nulls']).toBeGreaterThan(0.08);
    expect(found?.['nulls']).toBeLessThan(0.12);
    expect(found?.['notes']).toBeGreaterThan(1000);
    expect(found?.['notes']).toBeLessThan(2001);
    expect(found?.['users']).toBeGreaterThan(1500);
    expect(found?.['most_of_a_user']).toBeGreaterThan(10 * (20_000 / 2000));
    expect(found?.['foreign_notes']).toBeGreaterThan(20);
  });

  test('is the same by the same seed, and another one by another', async () => {
    const [one, same, other] = [
      await generated(SHOP, { rows: 12_000, seed: 5 }),
      await generated(SHOP, { rows: 12_000, seed: 5 }),
      await generated(SHOP, { rows: 12_000, seed: 6 }),
    ];
    const content = await contentIn(one.template);
    expect(await contentIn(same.template)).toEqual(content);
    expect((await contentIn(other.template)).tables).not.toEqual(content.tables);
  });
});

test('every type of column gets values, and keys of any of them are unique', {
  timeout: 60_000,
}, async () => {
  const types =
    `smallint integer bigint numeric numeric(12,3) numeric(5,5) real double_precision money text varchar(5) char(8) name
    bytea date timestamp timestamptz(0) time timetz interval boolean uuid json jsonb xml inet cidr macaddr macaddr8 bit(3)
    varbit tsvector tsquery point box circle polygon lseg int4range int8range numrange daterange tsrange tstzrange oid text[] int[][] state[]
    citext hstore ltree`
      .split(/\s+/)
      .map((type) => type.replace('_', ' '));
  const columns = types.map((type, place) => `c${place} ${type} NOT NULL`).join(', ');
  const keyed =
    'smallint integer bigint numeric(12,3) text varchar(5) uuid timestamptz bytea inet date citext'.split(
      ' ',
    );
  const { template, facts } = await generated(
    `CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE TYPE state AS ENUM ('a', 'b');
     CREATE TABLE every (${columns}); ${keyed.map((type, place) => `CREATE TABLE k${place} (k ${type} PRIMARY KEY, other int);`).join('\n')}`,
    { rows: 3000 },
  );
  expect(facts.tables.map(({ rows }) => rows)).toEqual(Array.from({ length: keyed.length + 1 }, () => 3000));
  const counts = types.map((_, place) => `count(DISTINCT c${place}::text)::int AS c${place}`).join(', ');
  const found = await ask(template, `SELECT ${counts} FROM every`);
  const even = types.filter((_, place) => Number(found?.[`c${place}`]) < 2);
  expect(even).toEqual([]);
});

test('what cannot be made stays NULL or keeps its default, and is refused where it must be there', async () => {
  const { template } = await generated(
    `CREATE TYPE pair AS (a int, b int); CREATE TABLE t (id int PRIMARY KEY, p pair, q pair NOT NULL DEFAULT ROW(1, 2))`,
  );
  expect(await ask(template, 'SELECT count(p)::int AS p, count(q)::int AS q FROM t')).toEqual({
    p: 0,
    q: 1000,
  });
  const error = await refused(`CREATE TYPE pair AS (a int, b int); CREATE TABLE t (p pair NOT NULL)`);
  expect(error).toBeInstanceOf(UnfitError);
  expect(error.message).toBe('no values of the type pair can be made for public.t.p, which must not be NULL');
});

describe('rows that were there before', () => {
  const LOOKUP = `
    CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL); INSERT INTO countries VALUES ('de', 'D'), ('fi', 'F');
    CREATE TABLE users (id serial PRIMARY KEY, country char(2) NOT NULL REFERENCES countries, chief int REFERENCES users);
    INSERT INTO users (country) VALUES ('de'), ('fi');`;

  test('stay as they are, and others refer to them', async () => {
    const { template, facts } = await generated(LOOKUP, { tables: ['public.users'] });
    expect(facts.tables).toMatchObject([
      { table: 'public.countries', rows: 2 },
      { table: 'public.users', rows: 1002 },
    ]);
    expect(await ask(template, 'SELECT count(DISTINCT country)::int AS n, max(id) AS id FROM users')).toEqual(
      { n: 2, id: 1002 },
    );
  });
});

test('tables that refer to each other in a circle are filled', async () => {
  const { facts } = await generated(
    `CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL); CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
     ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE`,
    { tables: ['public.a', 'public.b'] },
  );
  expect(facts.tables.map(({ rows }) => rows)).toEqual([1000, 1000]);
});

test('partitions are filled', async () => {
  const { template, facts } = await generated(
    `CREATE TABLE events (id bigint, at date NOT NULL, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
     CREATE TABLE events_24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
     CREATE TABLE events_25 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');`,
    { rows: 15_000 },
  );
  expect(facts.tables).toMatchObject([{ table: 'public.events', rows: 15_000 }]);
  expect(await ask(template, 'SELECT count(DISTINCT tableoid)::int AS parts FROM events')).toEqual({
    parts: 2,
  });
});

test.each(['14', '16'])('it works on PostgreSQL %s too', async (version) => {
  await using on = await startSmallServer(version);
  const { facts } = await generated(SHOP, { rows: 11_000, on });
  expect(facts.tables).toMatchObject([
    { rows: 1100 },
    { rows: 1000 },
    { rows: 1100 },
    { rows: 11_000 },
    { rows: 11_000 },
  ]);
});
