import { expect, onTestFinished, test } from 'vitest';
import { askMany, serveTrial } from './gateway.ts';
import { gatewayAbort } from './gateway-abort.ts';
import { gatewayDelay } from './gateway-delay.ts';
import { shopHost } from '#harness/stack/shop.ts';
import { openTrial } from './testing/trial.ts';

const CLIENTS = 24;

test('faults of the gateway delay and answer as many requests as they say, and leave the other gateway alone', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  const host = shopHost(namespace);
  await serveTrial(trial);
  const served = async (): Promise<boolean> =>
    (await askMany(ctx, host, 4)).every(({ status }) => status === 200);
  await expect.poll(served, { timeout: 15_000 }).toBe(true);
  // The shortest of some times: what a busy machine adds is in all the others.
  const tookMs = async (): Promise<number> =>
    Math.min(...(await askMany(ctx, host, CLIENTS)).map(({ duration_ms }) => duration_ms));
  const usual_ms = await tookMs();

  const slow = await trial.inject(gatewayDelay, { delay_ms: 200 });
  // 200 ms +- 30 ms beside what an answer takes anyway: two more hops, and timers.
  const delayed_ms = (await tookMs()) - usual_ms;
  expect(delayed_ms).toBeGreaterThan(185);
  expect(delayed_ms).toBeLessThan(230);
  expect((await trial.get('/items/1')).duration_ms).toBeLessThan(150);
  await slow.heal();
  expect(await tookMs()).toBeLessThan(usual_ms + 50);

  const abort = await trial.inject(gatewayAbort, { status: 418, share_pct: 50 });
  const answers = await askMany(ctx, host, 100);
  const aborted = answers.filter(({ status }) => status === 418).length;
  // Of 100 at 50 %, fewer than 30 or more than 70 are met once in 20,000 times.
  expect(aborted).toBeGreaterThanOrEqual(30);
  expect(aborted).toBeLessThanOrEqual(70);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(100 - aborted);
  await abort.heal();
  expect(await served()).toBe(true);
});
