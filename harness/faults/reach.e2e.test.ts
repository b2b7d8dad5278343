import { expect, onTestFinished, test } from 'vitest';
import { ApiError } from '#harness/kube/api.ts';
import { POD } from '#harness/kube/recording.ts';
import { dnsDown } from './dns-down.ts';
import { dnsName } from './dns-name.ts';
import { lookUp } from './lookup.ts';
import { networkPartition } from './network-partition.ts';
import { asClient } from './psql.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

const PORT = 8080;

/** Status of one pod's answer, asked past every gateway. */
async function statusOf({ ctx, namespace }: OpenTrial, pod: string, path: string): Promise<number> {
  try {
    await ctx.kube.proxyGet({ namespace, pod, port: PORT }, path);
    return 200;
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    throw error;
  }
}

test('a partition cuts off the pods that are named from those that are named, and nobody else', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  const pods = await ctx.kube.list({ ...POD, namespace, labels: 'app=shop' });
  const [cut = '', whole = ''] = pods.map(({ metadata }) => metadata.name);
  await ctx.kube.patch({ ...POD, namespace, name: cut }, { metadata: { labels: { cut: 'off' } } });

  for (const answer of ['none', 'reset'] as const) {
    const partition = await trial.inject(networkPartition, {
      from: 'cut=off',
      to: 'app=mettle-toxiproxy',
      answer,
    });
    expect(await statusOf(trial, cut, '/orders/none')).toBe(503);
    // The same pod serves what needs nobody else, and is served.
    expect(await statusOf(trial, cut, '/items/1')).toBe(200);
    // The other pod, and a client from elsewhere, reach the same place.
    expect(await statusOf(trial, whole, '/orders/none')).toBe(404);
    expect((await asClient(ctx, namespace, 'SELECT 1;')).exit_code).toBe(0);
    await partition.heal();
    await expect.poll(() => statusOf(trial, cut, '/orders/none'), { timeout: 10_000 }).toBe(404);
  }
});

test('one name is answered wrongly, or none at all, and then as before', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  const name = `shop.${namespace}.svc.cluster.local`;
  const beside = `shop-database.${namespace}.svc.cluster.local`;
  const wrong = await trial.inject(dnsName, { name, answer: 'failure' });
  expect(new Set(await lookUp(ctx, namespace, name))).toEqual(new Set(['ESERVFAIL']));
  expect(new Set(await lookUp(ctx, namespace, beside))).toEqual(new Set(['found']));
  await wrong.heal();
  expect(new Set(await lookUp(ctx, namespace, name))).toEqual(new Set(['found']));

  const down = await trial.inject(dnsDown, {});
  expect(await lookUp(ctx, namespace, beside)).not.toContain('found');
  // Connections that are open need no name.
  expect((await trial.get('/orders/none')).status).toBe(404);
  await down.heal();
  expect(new Set(await lookUp(ctx, namespace, beside))).toEqual(new Set(['found']));
});
