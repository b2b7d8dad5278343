import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { apiServerRestarted } from './api-server-restarted.ts';
import { apiServerSlow } from './api-server-slow.ts';
import { apiServerThrottled } from './api-server-throttled.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

const STOPPED_MS = 600;
const PULSE_MS = 900;

/** How long reading an object takes in the mean, in ms, asked at moments that no pulse knows of. */
async function readMs({ ctx, namespace }: OpenTrial, reads: number): Promise<number> {
  let sum = 0;
  for (let read = 0; read < reads; read += 1) {
    await sleep(Math.random() * PULSE_MS);
    const from = performance.now();
    await ctx.kube.get({ api_version: 'v1', kind: 'Namespace', name: namespace });
    sum += performance.now() - from;
  }
  return sum / reads;
}

test('the API server is slow, and traffic is not', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const usual_ms = await readMs(trial, 5);
  const slow = await trial.inject(apiServerSlow, { stopped_ms: STOPPED_MS, going_ms: PULSE_MS - STOPPED_MS });
  // Who comes in a stop waits for half of it in the mean: 200 ms here, and 120 ms are three standard errors of 24 reads.
  // What was put off is done first when the server goes on: on a busy machine that adds as much again.
  const expected_ms = STOPPED_MS ** 2 / (2 * PULSE_MS);
  const slow_ms = (await readMs(trial, 24)) - usual_ms;
  expect(slow_ms).toBeGreaterThan(expected_ms - 120);
  expect(slow_ms).toBeLessThan(2 * expected_ms + 120);
  for (let request = 0; request < 10; request += 1) {
    const answer = await trial.get('/items/1');
    expect([answer.status, answer.duration_ms < 200]).toEqual([200, true]);
  }
  await slow.heal();
  expect((await readMs(trial, 5)) - usual_ms).toBeLessThan(100);
});

test('the API server refuses what one controller asks', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const throttled = await trial.inject(apiServerThrottled, { controller: 'flagger' });
  expect(throttled.on.seen).toMatch(
    /^(?:9|10) of 10 questions of system:serviceaccount:\S+ are answered 429$/,
  );
  // Nobody else meets it.
  expect(await readMs(trial, 5)).toBeLessThan(500);
  await throttled.heal();
});

test('the API server ends and comes back, and traffic goes on', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const restarted = await trial.inject(apiServerRestarted);
  for (let request = 0; request < 10; request += 1) {
    expect((await trial.get('/items/1')).status).toBe(200);
  }
  const off = await restarted.heal();
  expect(off.seen).toBe('it is ready, and answers');
  // Its pod may still name the process that is gone.
  await (await trial.inject(apiServerSlow)).heal();
});
