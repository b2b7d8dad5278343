import { expect, onTestFinished, test } from 'vitest';
import { networkBandwidth } from './network-bandwidth.ts';
import { networkBlackHole } from './network-black-hole.ts';
import { networkHalfOpen } from './network-half-open.ts';
import { networkJitter } from './network-jitter.ts';
import { networkLatency } from './network-latency.ts';
import { networkReset } from './network-reset.ts';
import { fastestInTurns } from './testing/fastest.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

/** One question of the shop to its database, and one answer. */
const READ = '/orders/none';
/** The shop gives a question up after this time; see fixtures/apps/shop/database.ts. */
const SHOP_PATIENCE_MS = 2000;

async function tookMs(trial: OpenTrial, path: string): Promise<number> {
  const [answer] = await fastestInTurns(() => trial.get(path));
  return answer?.duration_ms ?? Number.NaN;
}

test('faults of the network do to the shop what they say, and to nothing else', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const usual_ms = await tookMs(trial, READ);

  const latency = await trial.inject(networkLatency, { delay_ms: 200 });
  // 200 ms +- 20 ms, beside what an answer takes anyway.
  const delayed_ms = (await tookMs(trial, READ)) - usual_ms;
  expect(delayed_ms).toBeGreaterThan(180);
  expect(delayed_ms).toBeLessThan(220);
  // What does not ask the database is as fast as before.
  expect(await tookMs(trial, '/items/1')).toBeLessThan(usual_ms + 20);
  await latency.heal();
  expect(await tookMs(trial, READ)).toBeLessThan(usual_ms + 20);

  const jitter = await trial.inject(networkJitter, { delay_ms: 100, jitter_ms: 80 });
  const times: number[] = [];
  for (let read = 0; read < 16; read += 1) times.push((await trial.get(READ)).duration_ms);
  // From 20 to 180 ms: none comes earlier, some come in the lower half, and they differ.
  expect(Math.min(...times)).toBeGreaterThan(19);
  expect(Math.min(...times)).toBeLessThan(100 + usual_ms);
  expect(Math.max(...times)).toBeGreaterThan(100);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(40);
  await jitter.heal();

  // The probe fetches what takes a second at the limit, and allows an error of 15 %.
  const bandwidth = await trial.inject(networkBandwidth, { limit_kb_s: 100 });
  expect(bandwidth.on.seen).toMatch(/^(?:8[5-9]|9\d|10\d|11[0-5])\.\d kB\/s of 100 came through$/);
  await bandwidth.heal();

  const reset = await trial.inject(networkReset, {});
  const refused = await trial.get(READ);
  expect(refused.status).toBe(503);
  // Nobody waited for an answer that could not come.
  expect(refused.duration_ms).toBeLessThan(500);
  await reset.heal();
  expect((await trial.get(READ)).status).toBe(404);

  for (const silent of [networkHalfOpen, networkBlackHole]) {
    const fault = await trial.inject(silent, {});
    const unanswered = await trial.get(READ);
    expect(unanswered.status).toBe(503);
    expect(unanswered.duration_ms).toBeGreaterThan(SHOP_PATIENCE_MS - 50);
    expect((await trial.get('/items/1')).status).toBe(200);
    await fault.heal();
    expect((await trial.get(READ)).status).toBe(404);
  }
});

test('a Service is led through the proxy for as long as a fault of its is on', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  const service = { api_version: 'v1', kind: 'Service', namespace, name: 'shop' } as const;
  const before = await ctx.kube.get(service);
  const usual_ms = await tookMs(trial, '/items/1');

  const latency = await trial.inject(networkLatency, { delay_ms: 200, upstream: 'shop' });
  const delayed = async (): Promise<number> => (await tookMs(trial, '/items/1')) - usual_ms;
  await expect.poll(delayed, { timeout: 10_000 }).toBeGreaterThan(180);
  expect(await delayed()).toBeLessThan(220);
  await latency.heal();
  expect(await tookMs(trial, '/items/1')).toBeLessThan(usual_ms + 20);
  expect((await ctx.kube.get(service))?.['spec']).toEqual(before?.['spec']);

  const reset = await trial.inject(networkReset, { upstream: 'shop' });
  await expect.poll(async () => (await trial.get('/items/1')).status, { timeout: 10_000 }).toBe(502);
  await reset.heal();
  expect((await trial.get('/items/1')).status).toBe(200);
});
