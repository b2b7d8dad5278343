/** The shop's queue and its consumers, with a real PostgreSQL and real deaths: what each way of acknowledging leaves behind. */
import type { Client } from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { DatabaseOrders } from '#fixtures/apps/shop/database.ts';
import { spawnShop } from '#fixtures/apps/shop/testing/child.ts';
import { openClient, type OwnClient } from './server/client.ts';
import type { Address, ScratchDatabase } from './server/types.ts';
import { embedded } from './testing/embedded.ts';

const SCHEMA = 'shop_here';
const ORDERS = 40;
/** A batch takes so long that no machine is slow enough to miss its middle, in ms: who has such a batch is killed in it. */
const WORK_MS = 60_000;
const never = new AbortController().signal;

/** The address as the shop takes it. */
function urlOf(address: Address): string {
  const { user, password, database, port, host } = address;
  const url = new URL(`postgres://${user}@localhost:${port}/${database}`);
  url.password = password;
  url.searchParams.set('host', host);
  url.searchParams.set('schema', SCHEMA);
  return url.href;
}

function shopOn(address: Address): DatabaseOrders {
  const url = new URL(urlOf(address));
  url.searchParams.delete('schema');
  return new DatabaseOrders({
    url: url.href,
    schema: SCHEMA,
    columns: undefined,
    queues: true,
    log: () => undefined,
    onError: () => undefined,
    leaks: () => false,
    onReachable: () => undefined,
  });
}

async function placeOrders(orders: DatabaseOrders, count = ORDERS): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await orders.add({
      id: `run-${index}`,
      lines: [{ item_id: 7, quantity: 2 }],
      total_cents: 500,
      content_hash: 'abcd0123',
      release: 'v1',
      pod: 'pod-1',
      accepted_at: 1_000 * index,
    });
  }
}

async function countOf(client: Client, rows_of: string): Promise<number> {
  const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM (${rows_of}) counted`);
  return Number(rows[0]?.n);
}
const waiting = (client: Client) => countOf(client, `SELECT 1 FROM ${SCHEMA}.outbox`);
const shipped = (client: Client) => countOf(client, `SELECT 1 FROM ${SCHEMA}.shipments`);
const different = (client: Client) => countOf(client, `SELECT DISTINCT order_id FROM ${SCHEMA}.shipments`);

const consumer = (acknowledges = 'with-work', more = '', work_ms = WORK_MS) =>
  `release: c1\nconsumer: { batch: 1000, work_ms: ${work_ms}, acknowledges: ${acknowledges}${more} }`;

describe('the queue of the shop', () => {
  const base = embedded('SELECT 1');
  let database: ScratchDatabase;
  let client: OwnClient;
  let orders: DatabaseOrders;
  beforeEach(async () => {
    database = await base.copy();
    client = await openClient(database.address);
    orders = shopOn(database.address);
    await orders.prepare(never);
    return async () => {
      await orders[Symbol.asyncDispose]();
      await client.end();
      await database[Symbol.asyncDispose]();
    };
  });

  test('has each order once, however often its customer sends it', async () => {
    await placeOrders(orders);
    await placeOrders(orders, 3);
    expect(await waiting(client)).toBe(ORDERS);
    expect(await orders.get('run-3')).toMatchObject({ content_hash: 'abcd0123' });
  });

  test('is emptied by a consumer, which ends with its batch when it is told to', async () => {
    await placeOrders(orders);
    await using shipper = await spawnShop(consumer('with-work', '', 100), {
      DATABASE_URL: urlOf(database.address),
    });
    const url = await shipper.url();
    await expect.poll(() => shipped(client), { timeout: 5_000 }).toBe(ORDERS);
    expect([await waiting(client), await different(client)]).toEqual([0, ORDERS]);
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text())
      .toContain(`orders_shipped_total ${ORDERS}`);
    shipper.kill('SIGTERM');
    expect(await shipper.ended).toMatchObject({ code: 0 });
  });

  /** What stands in the database while a batch is worked on, by when the batch is acknowledged. */
  const WORKING = {
    'with-work': async () =>
      (await countOf(
        client,
        `SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = '${SCHEMA}'`,
      )) === 1,
    'before-work': async () => (await waiting(client)) === 0,
    'after-work': async () => (await shipped(client)) === ORDERS,
  };

  /** Kills the consumer in the middle of its first batch, and lets another one finish. */
  async function dieOnce(acknowledges: keyof typeof WORKING): Promise<void> {
    await placeOrders(orders);
    const told = { DATABASE_URL: urlOf(database.address) };
    {
      await using shipper = await spawnShop(consumer(acknowledges), told);
      await shipper.url();
      await expect
        .poll(async () => shipper.printed().includes('batch taken') && (await WORKING[acknowledges]()), {
          timeout: 5_000,
          interval: 20,
        })
        .toBe(true);
      shipper.kill('SIGKILL');
      expect((await shipper.ended).stdout).not.toContain('batch done');
    }
    await using next = await spawnShop(consumer('with-work', '', 0), told);
    const url = await next.url();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 5_000 }).toBe(200);
    await expect.poll(() => waiting(client), { timeout: 5_000 }).toBe(0);
    next.kill('SIGTERM');
    await next.ended;
  }

  test('a death in the middle of a batch neither loses nor doubles where work and acknowledgement are one', async () => {
    await dieOnce('with-work');
    expect([await shipped(client), await different(client)]).toEqual([ORDERS, ORDERS]);
  });

  test('it loses the batch where that is acknowledged first', async () => {
    await dieOnce('before-work');
    expect(await shipped(client)).toBe(0);
  });

  test('it doubles the batch where that is acknowledged by another transaction', async () => {
    await dieOnce('after-work');
    expect([await shipped(client), await different(client)]).toEqual([2 * ORDERS, ORDERS]);
  });

  test('a release that is ahead of its migration ships nothing until the column is there', async () => {
    await placeOrders(orders, 1);
    await using shipper = await spawnShop(consumer('with-work', ', carrier: road', 0), {
      DATABASE_URL: urlOf(database.address),
    });
    const url = await shipper.url();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await client.query(`ALTER TABLE ${SCHEMA}.shipments ADD COLUMN carrier text NOT NULL DEFAULT 'unknown'`);
    await expect
      .poll(() => countOf(client, `SELECT 1 FROM ${SCHEMA}.shipments WHERE carrier = 'road'`), {
        timeout: 5_000,
      })
      .toBe(1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('a consumer without a database does not start', async () => {
    await using shipper = await spawnShop(consumer());
    expect(await shipper.ended).toMatchObject({ code: 78, stderr: expect.stringMatching(/where the queue/) });
  });
});
