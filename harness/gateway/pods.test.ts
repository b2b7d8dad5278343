import { expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { Split } from './adapter.ts';
import { podReader } from './pods.ts';

const SPLIT: Split = { namespace: 'here', name: 'shop', host: 'h', primary: 'a', canary: 'b' };

const pod = (name: string, phase = 'Running', deleted = false): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'gw', ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  status: { phase },
});

function reading(pods: () => readonly KubeObject[], answer: (name: string) => string) {
  const asked: string[] = [];
  const kube: Pick<KubeClient, 'list' | 'proxyGet'> = {
    list: () => Promise.resolve(pods()),
    proxyGet: (to, path, query) => {
      const [name, port] = ['pod' in to ? to.pod : to.service, to.port];
      asked.push(`${name}:${port}${path}?${new URLSearchParams(query).toString()}`);
      try {
        return Promise.resolve(answer(name));
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
  const reader = podReader(kube, {
    namespace: 'gw',
    labels: 'app=envoy',
    port: 9002,
    path: '/config_dump',
    query: { resource: 'routes' },
    weights: (_split, value) => ({ primary_pct: 100 - Number(value), canary_pct: Number(value) }),
  });
  return { reader, asked };
}

test('every pod that runs is read, and none that is on its way out', async () => {
  const { reader, asked } = reading(
    () => [pod('one'), pod('two'), pod('late', 'Pending'), pod('gone', 'Running', true)],
    (name) => (name === 'one' ? '20' : '30'),
  );
  expect(await reader.read(SPLIT)).toEqual([
    { subject: 'Pod/gw/one', weights: { primary_pct: 80, canary_pct: 20 } },
    { subject: 'Pod/gw/two', weights: { primary_pct: 70, canary_pct: 30 } },
  ]);
  expect(asked).toEqual(['one:9002/config_dump?resource=routes', 'two:9002/config_dump?resource=routes']);
});

test('a pod that does not answer is an error, and the pods are looked up anew', async () => {
  let pods = [pod('old')];
  const { reader } = reading(
    () => pods,
    (name) => {
      if (name === 'old') throw new Error('connection refused');
      return '10';
    },
  );
  await expect(reader.read(SPLIT)).rejects.toThrow('connection refused');
  pods = [pod('new')];
  expect(await reader.read(SPLIT)).toHaveLength(1);
});

test('no pod at all is an error, not an empty reading', async () => {
  const { reader } = reading(
    () => [],
    () => '0',
  );
  await expect(reader.read(SPLIT)).rejects.toThrow('no pod with app=envoy runs in gw');
});
