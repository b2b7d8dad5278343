import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { askShop, type ShopAnswer, type ShopRequest } from '#harness/stack/ask-shop.ts';
import { shopHost } from '#harness/stack/shop.ts';
import { gatewayReadOnly } from './gateway-read-only.ts';
import { openTrial } from './testing/trial.ts';

const BODY = JSON.stringify({ lines: [{ item_id: 3, quantity: 2 }] });
const ORDERS = 40;
const LEASE_S = 30;
/** The keeper of the lease is told first, and then the gateway. */
const BACK_WITHIN_MS = 5_000;
const PAUSE_MS = 50;

test('while the gateway lets nobody write, each write is answered clearly, reads go on, and no order is taken', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  const ask = (asked: ShopRequest): Promise<ShopAnswer> =>
    askShop({ port: ctx.cluster.ports.gateway, host: shopHost(namespace) }, asked);
  const order = (id: string): Promise<ShopAnswer> =>
    ask({ method: 'POST', path: '/orders', body: BODY.replace('{', `{"id":"${id}",`) });
  const reads = async (): Promise<readonly string[]> => {
    const answers = await Promise.all(
      Array.from({ length: ORDERS }, (_, index) => ask({ method: 'GET', path: `/items/${index + 1}` })),
    );
    return [...new Set(answers.map(({ status, headers }) => `${status} by ${String(headers['x-release'])}`))];
  };
  expect((await order('before')).status).toBe(201);

  // Somebody orders all along, from before the rule until after it, and remembers what each order was answered.
  const told = new Map<string, number>();
  const enough = new AbortController();
  const customer = (async () => {
    for (let index = 0; !enough.signal.aborted; index += 1) {
      const id = `on-the-way-${index}`;
      told.set(id, (await order(id)).status);
      await delay(PAUSE_MS);
    }
  })();
  const from = Date.now();
  const mode = await trial.inject(gatewayReadOnly, {}, LEASE_S);

  const refused = await Promise.all(Array.from({ length: ORDERS }, (_, index) => order(`refused-${index}`)));
  for (const { status, headers, body } of refused) {
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(body)).toMatchObject({ error: expect.stringMatching(/read-only/) });
  }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const { status } = await ask({ method, path: '/orders', body: '{}' });
    expect([method, status]).toEqual([method, 503]);
  }
  expect(await reads()).toEqual(['200 by v1']);
  expect((await ask({ method: 'GET', path: '/orders/before' })).status).toBe(200);

  // Nobody heals it: its lease ends it.
  await expect
    .poll(async () => (await order('after')).status, {
      timeout: LEASE_S * 1000 + BACK_WITHIN_MS,
      interval: 200,
    })
    .toBe(201);
  const back_ms = Date.now() - from;
  expect(back_ms).toBeGreaterThan(LEASE_S * 1000 - 1_000);
  await mode.heal();
  enough.abort();
  await customer;

  // None was lost on its way to another answerer, and none was taken by halves.
  expect([...new Set(told.values())].toSorted((left, right) => left - right)).toEqual([201, 503]);
  for (const [id, status] of told) {
    const held = (await ask({ method: 'GET', path: `/orders/${id}` })).status;
    expect([id, held]).toEqual([id, status === 201 ? 200 : 404]);
  }
  for (let index = 0; index < ORDERS; index += 1) {
    expect((await ask({ method: 'GET', path: `/orders/refused-${index}` })).status).toBe(404);
  }
});
