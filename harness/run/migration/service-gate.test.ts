import { expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { ApiError } from '#harness/kube/api.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import { apiRelease, fits } from './service-gate.ts';

type Said = object | 'nothing' | 'no page';

function pod(app: string, release: string, name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app, 'mettle.dev/release': release } },
  };
}

/** A place without a cluster: pods that are there, and what each says of itself. */
function place(pods: readonly (readonly [app: string, release: string, name: string, says: Said])[]) {
  const kube = partialClient({
    list: async () => pods.map(([app, release, name]) => pod(app, release, name)),
    proxyGet: async (port) => {
      const says = pods.find(([, , name]) => 'pod' in port && name === port.pod)?.[3] ?? 'nothing';
      if (says === 'no page') throw new ApiError('GET /api', 404, 'NotFound', 'no such page');
      if (says === 'nothing') throw new ApiError('GET /api', 503, '', 'no answer');
      return JSON.stringify(says);
    },
  });
  const run = {
    timeline: { record: () => 0 },
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  const ctx = { kube, artifacts: { images: {} }, components: [], progress: () => undefined };
  return { run, ctx, namespace: 'here' };
}

const OLD = ['prices', 'prices-1', 'prices-a', { serves: [1], needs: null }] as const;
const NEW = ['prices', 'prices-2', 'prices-b', { serves: [1, 2], needs: null }] as const;
const SHOP = ['shop', 'v2', 'shop-a', { serves: [], needs: { service: 'prices', version: 2 } }] as const;

const v2 = () => apiRelease('shop', 'v2', 'quoted-2');
const back = () => apiRelease('prices', 'prices-1', 'prices-1');

test('a release says in its document what it serves and needs', async () => {
  expect(await v2()).toEqual({
    app: 'shop',
    release: 'v2',
    serves: [],
    needs: { service: 'prices', version: 2 },
  });
  expect(await apiRelease('shop', 'v1', 'good')).toEqual({ app: 'shop', release: 'v1', serves: [] });
});

test('it is refused as long as one pod lacks what it needs, with the names and versions of both', async () => {
  expect(await fits(await v2())(place([NEW, OLD]))).toBe(
    'shop v2 needs version 2 of prices, and prices-1 (pod prices-a) serves version 1',
  );
  expect(await fits(await v2())(place([NEW]))).toBeUndefined();
});

test('it is refused where there is no pod of what it needs, or one that says nothing', async () => {
  expect(await fits(await v2())(place([['shop', 'v1', 'shop-a', 'no page']]))).toBe(
    'shop v2 needs version 2 of prices, and there is no pod of it',
  );
  expect(await fits(await v2())(place([NEW, ['prices', 'prices-2', 'prices-c', 'nothing']]))).toBe(
    'pod prices-c does not say what it serves and needs',
  );
});

test('a release that serves less than a living one needs is refused', async () => {
  expect(await fits(await back())(place([NEW, SHOP]))).toBe(
    'shop v2 needs version 2 of prices (pod shop-a), and prices-1 serves version 1',
  );
  expect(await fits(await apiRelease('prices', 'prices-2', 'prices-2'))(place([NEW, SHOP]))).toBeUndefined();
  expect(await fits(await back())(place([NEW, ['shop', 'v0', 'shop-b', 'no page']]))).toBeUndefined();
});
