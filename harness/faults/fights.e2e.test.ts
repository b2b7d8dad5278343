import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { numberAt } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { gitopsReapplies } from './gitops-reapplies.ts';
import { hpaFights } from './hpa-fights.ts';
import { openTrial } from './testing/trial.ts';

test('numbers of pods are fought over, and are as before afterwards', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { namespace } = trial;
  const { kube } = trial.ctx;
  const shop = { ...DEPLOYMENT, namespace, name: 'shop' };
  const replicas = async (): Promise<number | undefined> =>
    numberAt(await kube.get(shop), 'spec', 'replicas');

  const seen = new Set<number | undefined>();
  const autoscaler = await trial.inject(hpaFights, { name: 'shop', low: 1, high: 3, every_s: 1 });
  for (let look = 0; look < 25; look += 1) {
    seen.add(await replicas());
    await sleep(100);
  }
  expect(seen).toEqual(new Set([1, 3]));
  await autoscaler.heal();
  expect(await replicas()).toBe(2);

  const gitops = await trial.inject(gitopsReapplies, { kind: 'Deployment', name: 'shop', every_s: 0.5 });
  await kube.patch(shop, { spec: { replicas: 1 } });
  const changed_at = performance.now();
  await expect.poll(replicas, { interval: 20, timeout: 5_000 }).toBe(2);
  expect(performance.now() - changed_at).toBeLessThan(1_000);
  await gitops.heal();
  await kube.patch(shop, { spec: { replicas: 3 } });
  await sleep(1_500);
  expect(await replicas()).toBe(3);
});
