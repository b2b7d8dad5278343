import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, numberAt } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT, POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { containerKill } from './container-kill.ts';
import { containerStop } from './container-stop.ts';
import { podKill } from './pod-kill.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

const LABELS = 'app=shop';
/** A pod that stands still answers nobody; one that runs answers in a few milliseconds. */
const PATIENCE_MS = 2000;

let trial: OpenTrial;

beforeAll(async () => {
  trial = await openTrial();
});

afterAll(async () => {
  await trial[Symbol.asyncDispose]();
});

async function pods(): Promise<readonly KubeObject[]> {
  const { ctx, namespace } = trial;
  await ctx.kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: 'shop' }), { deadline_s: 60 });
  const found = await ctx.kube.list({ ...POD, namespace, labels: LABELS });
  return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

function restarts(pod: KubeObject | undefined): number {
  return numberAt(listAt(pod, 'status', 'containerStatuses')[0], 'restartCount') ?? 0;
}

/** Whether a pod by itself answers in time. */
async function answers(pod: string): Promise<boolean> {
  const { ctx, namespace } = trial;
  const asked = ctx.kube.proxyGet({ namespace, pod, port: 8080 }, '/healthz').then(
    () => true,
    () => false,
  );
  return await Promise.race([asked, delay(PATIENCE_MS, false)]);
}

describe('pod-kill', () => {
  test.each([
    ['a count', { count: 1 }, 1],
    ['a share, rounded up', { share_pct: 60 }, 2],
    ['all that match', {}, 2],
  ])('ends as many pods as %s says, and others take their place', async (_what, choice, ended) => {
    const before = (await pods()).map(({ metadata }) => metadata.uid);
    await using fault = await trial.inject(podKill, { labels: LABELS, ...choice });
    expect(fault.plan.targets).toHaveLength(ended);
    await fault.heal();
    const after = (await pods()).map(({ metadata }) => metadata.uid);
    expect(after).toHaveLength(before.length);
    expect(after.filter((uid) => before.includes(uid))).toHaveLength(before.length - ended);
  });

  test('is refused where its labels name nothing', async () => {
    await expect(trial.inject(podKill, { labels: 'app=nobody' })).rejects.toThrow('it names nothing');
    await expect(trial.inject(podKill, { labels: LABELS, count: 1, share_pct: 10 })).rejects.toThrow(
      UsageError,
    );
  });
});

test('container-kill: the same pod goes on with its container started once more', async () => {
  const before = await pods();
  await using fault = await trial.inject(containerKill, { labels: LABELS, count: 1 });
  await fault.heal();
  const [target] = fault.plan.targets;
  const after = await pods();
  for (const pod of after) {
    const was = before.find(({ metadata }) => metadata.uid === pod.metadata.uid);
    const hit = target === `Pod/${trial.namespace}/${pod.metadata.name}`;
    expect(was).toBeDefined();
    expect(restarts(pod) - restarts(was)).toBe(hit ? 1 : 0);
  }
});

test('container-stop: its pod answers nobody, the others do, and it answers again once healed', async () => {
  const names = (await pods()).map(({ metadata }) => metadata.name).toSorted();
  await using fault = await trial.inject(containerStop, { labels: LABELS, count: 1 });
  const met = await Promise.all(names.map(answers));
  expect(met).toEqual([false, true]);
  await fault.heal();
  await expect(Promise.all(names.map(answers))).resolves.toEqual([true, true]);
});
