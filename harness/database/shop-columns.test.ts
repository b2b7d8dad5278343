/** Releases of the shop on the way from one column to another, with a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseOrders } from '#fixtures/apps/shop/database.ts';
import { loadRelease } from '#fixtures/apps/shop/release.ts';
import { OrdersUnavailable } from '#fixtures/apps/shop/orders.ts';
import { postgresPrograms, startServer, type TestServer } from './testing/server.ts';

const programs = postgresPrograms();

const ORDER = {
  lines: [{ item_id: 7, quantity: 2 }],
  total_cents: 500,
  content_hash: 'abcd0123',
  release: 'v1',
  pod: 'pod-1',
  accepted_at: 0,
};

describe.skipIf(programs === undefined)('a column that gets another name in three releases', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function releaseOf(yaml: string): { readonly orders: DatabaseOrders; readonly logged: string[] } {
    const logged: string[] = [];
    const orders = new DatabaseOrders({
      url: `socket://postgres@${server.host}/?db=postgres`,
      schema: 'shop_here',
      columns: loadRelease(`release: v1\n${yaml}`, 'release.yaml').document.schema,
      log: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
      onError: () => undefined,
      leaks: () => false,
      onReachable: () => undefined,
    });
    return { orders, logged };
  }

  const never = new AbortController().signal;

  test('each release works with the schema of the one before and of the one after', async () => {
    const { orders: v1 } = releaseOf('');
    const { orders: v2 } = releaseOf('schema: { content_hash: [digest, content_hash] }');
    const { orders: v3, logged } = releaseOf('schema: { content_hash: [digest] }');
    await using _v1 = v1;
    await using _v2 = v2;
    await using _v3 = v3;
    await using admin = await server.connect();
    await v1.prepare(never);
    await v1.add({ ...ORDER, id: 'one' });

    // A release that is ahead of its migration does not get ready.
    const early = new AbortController();
    const waiting = v3.prepare(early.signal);
    await expect
      .poll(() => logged.join('\n'))
      .toMatch(/database not ready .*column \\"digest\\" does not exist/);
    early.abort();
    await waiting;

    await admin.query('ALTER TABLE shop_here.orders ADD COLUMN digest text');
    await admin.query('ALTER TABLE shop_here.orders ALTER COLUMN content_hash DROP NOT NULL');
    await v2.prepare(never);
    await v1.add({ ...ORDER, id: 'two' });
    expect(await v2.get('two')).toMatchObject({ content_hash: 'abcd0123' });
    await v2.add({ ...ORDER, id: 'three' });
    expect(await v1.get('three')).toMatchObject({ content_hash: 'abcd0123' });

    await admin.query('UPDATE shop_here.orders SET digest = content_hash WHERE digest IS NULL');
    await v3.prepare(never);
    await v3.add({ ...ORDER, id: 'four' });
    expect(await v2.get('four')).toMatchObject({ content_hash: 'abcd0123' });
    expect((await v3.since(0, 10)).map(({ content_hash }) => content_hash)).toEqual(
      Array.from({ length: 4 }, () => 'abcd0123'),
    );

    await admin.query('ALTER TABLE shop_here.orders ALTER COLUMN digest SET NOT NULL');
    await admin.query('ALTER TABLE shop_here.orders DROP COLUMN content_hash');
    await v3.add({ ...ORDER, id: 'five' });
    expect(await v3.get('five')).toMatchObject({ content_hash: 'abcd0123' });
    await expect(v2.add({ ...ORDER, id: 'six' })).rejects.toThrow(OrdersUnavailable);
  });
});
