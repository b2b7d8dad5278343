import { expect, onTestFinished, test } from 'vitest';
import { apiServerRestarted } from './api-server-restarted.ts';
import { apiServerSlow } from './api-server-slow.ts';
import { apiServerThrottled } from './api-server-throttled.ts';
import { median } from './psql.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

async function readMs({ ctx, namespace }: OpenTrial): Promise<number> {
  const took: number[] = [];
  for (let read = 0; read < 15; read += 1) {
    const from = performance.now();
    await ctx.kube.get({ api_version: 'v1', kind: 'Namespace', name: namespace });
    took.push(performance.now() - from);
  }
  return median(took) ?? 0;
}

test('the API server is slow, and traffic is not', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const usual_ms = await readMs(trial);
  const slow = await trial.inject(apiServerSlow, { stopped_ms: 600, going_ms: 60 });
  // Whoever asks again at once meets nearly a whole stop each time.
  const slow_ms = await readMs(trial);
  expect(slow_ms - usual_ms).toBeGreaterThan(300);
  expect(slow_ms - usual_ms).toBeLessThan(900);
  for (let request = 0; request < 10; request += 1) {
    const answer = await trial.get('/items/1');
    expect([answer.status, answer.duration_ms < 200]).toEqual([200, true]);
  }
  await slow.heal();
  expect((await readMs(trial)) - usual_ms).toBeLessThan(100);
});

test('the API server refuses what one controller asks', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const throttled = await trial.inject(apiServerThrottled, { controller: 'flagger' });
  expect(throttled.on.seen).toMatch(
    /^(?:9|10) of 10 questions of system:serviceaccount:\S+ are answered 429$/,
  );
  // Nobody else meets it.
  expect(await readMs(trial)).toBeLessThan(500);
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
});
