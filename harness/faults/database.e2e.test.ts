import { expect, onTestFinished, test } from 'vitest';
import { ApiError } from '#harness/kube/api.ts';
import { databaseConnectionLimit } from './database-connection-limit.ts';
import { databaseErrors } from './database-errors.ts';
import { databaseLock } from './database-lock.ts';
import { databaseReadOnly } from './database-read-only.ts';
import { databaseRestart } from './database-restart.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

const READ = '/orders/none';
const ORDERS = 60;
/** The shop gives a question up after this time; see fixtures/apps/shop/database.ts. */
const SHOP_PATIENCE_MS = 2000;

/** Status of the shop's answer to an order. */
async function order({ ctx, namespace }: OpenTrial): Promise<number> {
  try {
    await ctx.kube.proxySend(
      { namespace, service: 'shop', port: 80 },
      { method: 'POST', path: '/orders', body: { lines: [{ item_id: 1, quantity: 1 }] } },
    );
    return 201;
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    throw error;
  }
}

async function refusedOf(trial: OpenTrial, orders: number): Promise<number> {
  let refused = 0;
  for (let sent = 0; sent < orders; sent += 1) if ((await order(trial)) === 503) refused += 1;
  return refused;
}

test('faults of the database do to the shop what they say', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const other = await openTrial();
  onTestFinished(() => other[Symbol.asyncDispose]());

  const errors = await trial.inject(databaseErrors, { share_pct: 50 });
  // Of 60 orders at 50 %, fewer than 15 or more than 45 fail once in 10,000 times.
  const refused = await refusedOf(trial, ORDERS);
  expect(refused).toBeGreaterThanOrEqual(15);
  expect(refused).toBeLessThanOrEqual(45);
  expect((await trial.get(READ)).status).toBe(404);
  expect(await refusedOf(other, 10)).toBe(0);
  await errors.heal();
  expect(await refusedOf(trial, 10)).toBe(0);

  const lock = await trial.inject(databaseLock, { held_max_s: 60 });
  const waited = await trial.get(READ);
  expect(waited.status).toBe(503);
  expect(waited.duration_ms).toBeGreaterThan(SHOP_PATIENCE_MS - 50);
  expect((await other.get(READ)).status).toBe(404);
  await lock.heal();
  expect((await trial.get(READ)).status).toBe(404);

  const read_only = await trial.inject(databaseReadOnly, {});
  await expect.poll(() => order(trial)).toBe(503);
  await expect.poll(async () => (await trial.get(READ)).status).toBe(404);
  await read_only.heal();
  await expect.poll(() => order(trial)).toBe(201);

  const limit = await trial.inject(databaseConnectionLimit, { limit: 0 });
  expect((await trial.get(READ)).status).toBe(503);
  // What is open stays open.
  expect((await other.get(READ)).status).toBe(404);
  await limit.heal();
  expect((await trial.get(READ)).status).toBe(404);

  const restart = await trial.inject(databaseRestart, { manner: 'in-order' });
  expect((await trial.get(READ)).status).toBe(503);
  await restart.heal();
  await expect.poll(async () => (await trial.get(READ)).status, { timeout: 15_000 }).toBe(404);
});
