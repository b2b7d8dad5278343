import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { alertmanagerDown } from './alertmanager-down.ts';
import { chatDown } from './chat-down.ts';
import { controllerKilled } from './controller-killed.ts';
import { fluxControllerKilled } from './flux-controller-killed.ts';
import { fluxSourceUnavailable } from './flux-source-unavailable.ts';
import { gatewayRestarted } from './gateway-restarted.ts';
import { METRICS_PROXY_PORT } from '#harness/stack/metrics-proxy.ts';
import { prometheusDown } from './prometheus-down.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

/** Status of a query that the proxy, a pod, sends to Prometheus on: 502 when it gets no answer. */
async function askedByProxy({ ctx }: OpenTrial): Promise<number> {
  const query = { query: 'vector(1)' };
  return await ctx.kube
    .proxyGet(METRICS_PROXY_PORT, '/api/v1/query', query)
    .then(() => 200)
    .catch((error: unknown) => Number(Reflect.get(Object(error), 'status')));
}

test('parts of the stack refuse pods, and nobody else', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ports } = trial.ctx.cluster;
  // A connection that is open is refused as well: the proxy keeps one.
  expect(await askedByProxy(trial)).toBe(200);
  const prometheus = await trial.inject(prometheusDown);
  expect(prometheus.on.seen).toContain('refused');
  expect(await askedByProxy(trial)).toBe(502);
  expect((await fetch(`http://127.0.0.1:${ports.prometheus}/-/ready`)).status).toBe(200);
  expect((await trial.get('/items/1')).status).toBe(200);
  await prometheus.heal();
  expect(await askedByProxy(trial)).toBe(200);

  for (const [fault, address] of [
    [alertmanagerDown, `http://127.0.0.1:${ports.alertmanager}/-/ready`],
    [chatDown, `http://127.0.0.1:${ports.chat}/healthz`],
    [fluxSourceUnavailable, `http://127.0.0.1:${ports.git}/`],
  ] as const) {
    const down = await trial.inject(fault);
    expect(down.on.seen).toContain('refused');
    // This machine still reaches it: who judges is not blinded with the cluster.
    expect((await fetch(address)).status).toBeLessThan(500);
    const off = await down.heal();
    expect(off.seen).toMatch(/gets [2-4]\d\d after/);
  }
});

test('controllers that are killed come back, and lead', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  for (const [fault, options, within_s] of [
    [controllerKilled, { controller: 'flagger' }, 10],
    // A killed leader leaves its lease to run out, after 15 s.
    [controllerKilled, { controller: 'argo-rollouts' }, 30],
    [fluxControllerKilled, { controller: 'source-controller' }, 10],
  ] as const) {
    const killed = await trial.inject(fault, options);
    expect(killed.on.seen).toBe('1 of 1 pods are gone');
    const from = performance.now();
    const off = await killed.heal();
    expect(off.seen).toContain('1 of 1 pods are ready');
    expect(performance.now() - from).toBeLessThan(within_s * 1000);
  }
});

test('a gateway that is restarted answers nobody for a moment, and then as before', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const statuses: number[] = [];
  const stop = new AbortController();
  const asking = (async () => {
    while (!stop.signal.aborted) {
      statuses.push((await trial.get('/items/1', 2_000)).status);
      await sleep(20);
    }
  })();
  const restarted = await trial.inject(gatewayRestarted);
  const from = performance.now();
  await restarted.heal();
  const took_ms = performance.now() - from;
  stop.abort();
  await asking;
  expect(statuses.some((status) => status !== 200)).toBe(true);
  await expect.poll(async () => (await trial.get('/items/1')).status, { timeout: 5_000 }).toBe(200);
  expect(took_ms).toBeLessThan(15_000);
});
