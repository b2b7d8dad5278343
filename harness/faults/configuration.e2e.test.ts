import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionOf } from '#harness/core/kstatus.ts';
import { at, listAt, numberAt } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { configCommit } from './config-commit.ts';
import { configMissingKey } from './config-missing-key.ts';
import { configShared } from './config-shared.ts';
import { configSyntax } from './config-syntax.ts';
import { configValue } from './config-value.ts';
import type { Fault } from './fault.ts';
import { secretCorrupt } from './secret-corrupt.ts';
import { secretRotate } from './secret-rotate.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

let trial: OpenTrial;

beforeAll(async () => {
  trial = await openTrial();
});

afterAll(async () => {
  await trial[Symbol.asyncDispose]();
});

/** Pods of the namespace: those of an earlier test may still be on their way out. */
async function podNames(): Promise<ReadonlySet<string>> {
  const pods = await trial.ctx.kube.list({ ...POD, namespace: trial.namespace });
  return new Set(pods.map(({ metadata }) => metadata.name));
}

/** Containers of other pods than those that ended by themselves with this code. */
async function ended(exit_code: number, others: ReadonlySet<string>): Promise<number> {
  const pods = await trial.ctx.kube.list({ ...POD, namespace: trial.namespace });
  return pods
    .filter(({ metadata }) => !others.has(metadata.name))
    .flatMap((pod) => listAt(pod, 'status', 'containerStatuses'))
    .filter((one) =>
      [at(one, 'state'), at(one, 'lastState')].some(
        (state) => numberAt(state, 'terminated', 'exitCode') === exit_code,
      ),
    ).length;
}

/** Pods that are not ready, of those that are not on their way out. */
async function waiting(): Promise<number> {
  const pods = await trial.ctx.kube.list({ ...POD, namespace: trial.namespace });
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter((pod) =>
      listAt(pod, 'status', 'conditions').every(
        (one) => at(one, 'type') !== 'Ready' || at(one, 'status') !== 'True',
      ),
    ).length;
}

async function data(kind: string, name: string): Promise<unknown> {
  const { ctx, namespace } = trial;
  return at(await ctx.kube.get({ api_version: 'v1', kind, namespace, name }), 'data');
}

/** Exit code of a shop that refuses its configuration (EX_CONFIG of sysexits.h). */
const REFUSED = 78;

test.each([
  ['config-value', configValue, 1],
  ['config-syntax', configSyntax, 1],
  ['config-shared', configShared, 2],
] satisfies [string, Fault, number][])(
  '%s: pods that start refuse to serve, those that run serve on, and all is as it was once healed',
  async (_name, fault, refusing) => {
    const before = await data('ConfigMap', 'shop-release-v1');
    const earlier = await podNames();
    await using active = await trial.inject(fault);
    await expect.poll(() => ended(REFUSED, earlier), { timeout: 30_000 }).toBe(refusing);
    expect((await trial.get('/items/1')).status).toBe(200);
    await active.heal();
    expect(await data('ConfigMap', 'shop-release-v1')).toEqual(before);
    expect(await waiting()).toBe(0);
  },
);

test('config-commit: Flux refuses what was committed, and applies it again once it is healed', async () => {
  const { ctx, namespace } = trial;
  const applier = {
    api_version: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    namespace,
    name: 'shop',
  };
  const ready = async (): Promise<string | undefined> => {
    const found = await ctx.kube.get(applier);
    return found && conditionOf(found, 'Ready')?.status;
  };
  await using active = await trial.inject(configCommit);
  await expect.poll(ready, { timeout: 30_000 }).toBe('False');
  expect(await data('ConfigMap', 'delivered-settings')).toEqual({ currency: 'EUR' });
  await active.heal();
  expect(await ready()).toBe('True');
});

test('config-missing-key: pods that need the key do not start', async () => {
  await using active = await trial.inject(configMissingKey);
  expect(await data('ConfigMap', 'shop-release-v1')).toBeUndefined();
  await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await trial.get('/items/1')).status).toBe(200);
  await active.heal();
  expect(await waiting()).toBe(0);
});

test.each([
  ['secret-corrupt', secretCorrupt],
  ['secret-rotate', secretRotate],
])('%s: pods that start are not let in by the database, those that run are', async (_name, fault) => {
  const before = await data('Secret', 'shop-database');
  await using active = await trial.inject(fault);
  expect(await data('Secret', 'shop-database')).not.toEqual(before);
  await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await trial.get('/orders?since=0&limit=1')).status).toBe(200);
  await active.heal();
  expect(await data('Secret', 'shop-database')).toEqual(before);
  expect(await waiting()).toBe(0);
});
