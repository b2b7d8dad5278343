import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import { traefikGateway } from '#harness/gateway/traefik.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { WatchHandlers } from '#harness/kube/watch.ts';
import { observeGateway } from './gateway.ts';

const SPLIT = {
  namespace: 'here',
  name: 'shop',
  host: 'shop.here.test',
  primary: 'shop-primary',
  canary: 'shop-canary',
};

const service = (canary_pct: number): KubeObject => {
  const [object] = traefikGateway.objects(SPLIT, canary_pct);
  if (object === undefined) throw new Error('no object');
  return object;
};

const rawdata = (canary_pct: number): string =>
  JSON.stringify({
    routers: { r: { rule: 'Host(`shop.here.test`)', status: 'enabled', service: 'here-shop' } },
    services: {
      'here-shop@kubernetescrd': {
        weighted: {
          services: [
            { name: 'here-shop-primary-80', weight: 100 - canary_pct },
            { name: 'here-shop-canary-80', weight: canary_pct },
          ],
        },
      },
    },
  });

test('declared and live weights are recorded whenever they change, and how soon one must follow the other', async () => {
  let handlers: WatchHandlers | undefined;
  let served = 0;
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'traefik-1', namespace: 'gateway' },
    status: { phase: 'Running' },
  };
  const kube = partialClient({
    list: () => Promise.resolve([pod]),
    watch(_selection, given) {
      handlers = given;
      given.onChange({ verb: 'listed', object: service(0) });
      return { started: Promise.resolve(), objects: [], [Symbol.asyncDispose]: () => Promise.resolve() };
    },
    proxyGet: () => Promise.resolve(rawdata(served)),
  });
  const drafts: Draft[] = [];
  const observer = await observeGateway(
    kube,
    { namespace: 'here', app: 'shop' },
    { record: (draft) => drafts.push(draft) },
  );
  handlers?.onChange({ verb: 'modified', object: service(10) });
  handlers?.onChange({ verb: 'modified', object: service(10) });
  served = 10;
  await sleep(600);
  await observer[Symbol.asyncDispose]();
  const weights = drafts.filter((draft) => draft.kind === 'weight');
  const read = (from: string) => weights.filter(({ data }) => data.read_from === from);
  expect(read('object').map(({ data }) => data.canary_pct)).toEqual([0, 10]);
  expect(read('live').map(({ subject, data }) => [subject, data.canary_pct])).toEqual([
    ['Pod/gateway/traefik-1', 0],
    ['Pod/gateway/traefik-1', 10],
  ]);
  expect(read('live').at(-1)?.clock_error_ms).toBeGreaterThan(0);
  expect(drafts.find((draft) => draft.kind === 'bound')?.data).toMatchObject({
    gateway: 'traefik',
    follow_ms: traefikGateway.follows.within_ms,
  });
  expect(drafts.filter((draft) => draft.kind === 'observer').map(({ subject }) => subject)).toEqual([
    'gateway',
    'gateway-live',
    'gateway-live',
    'gateway',
  ]);
});
