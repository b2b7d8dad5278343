import { expect, onTestFinished, test } from 'vitest';
import { textAt } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { DEPLOYMENT, POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { cpuPressure } from './cpu-pressure.ts';
import type { Probe } from './fault.ts';
import { memoryPressure } from './memory-pressure.ts';
import { nodeDrain } from './node-drain.ts';
import { nodePause } from './node-pause.ts';
import { podEvict } from './pod-evict.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';
import { NODE } from './workers.ts';

/** One pod of the shop has to be there at any time. */
const BUDGET: Manifest = {
  object: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'shop' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'shop' } } },
  },
  position: { file: 'harness/faults/nodes.e2e.test.ts', line: 1, column: 1 },
};

/** Where the shop's pods run that are not on their way out. */
async function places({ ctx, namespace }: OpenTrial): Promise<readonly string[]> {
  const pods = await ctx.kube.list({ ...POD, namespace, labels: 'app=shop' });
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((pod) => textAt(pod, 'spec', 'nodeName') ?? '');
}

function numberIn({ seen }: Probe): number {
  return Number(/[\d.]+/.exec(seen)?.[0]);
}

/** Asks the shop again and again until it is stopped; every answer that was not a good one is kept. */
function asking(trial: OpenTrial): () => Promise<readonly number[]> {
  const bad: number[] = [];
  const stopped = new AbortController();
  const ask = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const { status } = await trial.get('/items/1');
      if (status !== 200) bad.push(status);
    }
  };
  const done = ask();
  return async () => {
    stopped.abort();
    await done;
    return bad;
  };
}

test('pressure takes as much as it says, and evicted pods go one after the other without a lost answer', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;

  // The share of two cores that a busy machine leaves may be less by a quarter.
  const cpu = await trial.inject(cpuPressure, { cores: 0.4 });
  expect(numberIn(cpu.on)).toBeGreaterThan(0.3);
  expect(numberIn(cpu.on)).toBeLessThan(0.5);
  await cpu.heal();

  const memory = await trial.inject(memoryPressure, { held_mib: 200 });
  expect(numberIn(memory.on)).toBeGreaterThan(196);
  expect(numberIn(memory.on)).toBeLessThan(360);
  await memory.heal();

  await ctx.kube.apply([BUDGET], { namespace });
  const before = new Set(
    (await ctx.kube.list({ ...POD, namespace, labels: 'app=shop' })).map(({ metadata }) => metadata.name),
  );
  const stop = asking(trial);
  const evicted = await trial.inject(podEvict, { labels: 'app=shop' });
  await evicted.heal();
  expect(await stop()).toEqual([]);
  const after = await ctx.kube.list({ ...POD, namespace, labels: 'app=shop' });
  const left = after.filter(
    ({ metadata }) => before.has(metadata.name) && metadata.deletionTimestamp === undefined,
  );
  expect(left).toEqual([]);
});

test('a worker is drained without a lost answer, and takes pods again', async ({ skip }) => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  if ((await ctx.kube.list(NODE)).length < 2) skip('the cluster has one node');
  await ctx.kube.apply([BUDGET], { namespace });
  const stop = asking(trial);
  const drain = await trial.inject(nodeDrain, {});
  const worker = drain.plan.targets[0]?.replace('Node/', '') ?? '';
  expect(await places(trial)).not.toContain(worker);
  await drain.heal();
  expect(await stop()).toEqual([]);
  // It is the emptier of the two now, so pods that are added go there.
  const shop = { ...DEPLOYMENT, namespace, name: 'shop' };
  await ctx.kube.patch(shop, { spec: { replicas: 6 } });
  await ctx.kube.waitFor(isCurrent(shop), { deadline_s: 60 });
  expect(await places(trial)).toContain(worker);
});

test('a frozen worker answers nobody, and goes on where it was', async ({ skip }) => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { ctx, namespace } = trial;
  if ((await ctx.kube.list(NODE)).length < 2) skip('the cluster has one node');
  const shop = { ...DEPLOYMENT, namespace, name: 'shop' };
  await ctx.kube.patch(shop, { spec: { replicas: 4 } });
  await ctx.kube.waitFor(isCurrent(shop), { deadline_s: 60 });
  const pause = await trial.inject(nodePause, {});
  const worker = pause.plan.targets[0]?.replace('Node/', '') ?? '';
  const on_it = (await places(trial)).filter((node) => node === worker).length;
  expect(on_it).toBeGreaterThan(0);
  const answers = await Promise.all(Array.from({ length: 16 }, () => trial.get('/items/1', 1500)));
  // Those that a frozen pod should have answered hang; those of the others are as good as ever.
  expect(answers.filter(({ status }) => status === 0).length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  await pause.heal();
  const later = await Promise.all(Array.from({ length: 16 }, () => trial.get('/items/1', 5000)));
  expect(later.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200));
});
