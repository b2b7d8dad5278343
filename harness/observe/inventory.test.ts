import { describe, expect, test } from 'vitest';
import { driftOf } from '#harness/core/drift.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import type { KubeClient, ListableKind } from '#harness/kube/client.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import { recordInventory, takeInventory } from './inventory.ts';

const KINDS: readonly ListableKind[] = [
  { api_version: 'v1', kind: 'Namespace', namespaced: false },
  { api_version: 'v1', kind: 'Secret', namespaced: true },
  { api_version: 'v1', kind: 'Pod', namespaced: true },
  { api_version: 'apps/v1', kind: 'Deployment', namespaced: true },
  { api_version: 'batch/v1', kind: 'Job', namespaced: true },
  { api_version: 'coordination.k8s.io/v1', kind: 'Lease', namespaced: true },
  { api_version: 'example/v1', kind: 'Rare', namespaced: true },
];

function made(kind: string, name: string, version: number, more: object = {}): KubeObject {
  const { api_version = 'v1' } = KINDS.find((one) => one.kind === kind) ?? {};
  const metadata = { name, namespace: 'here', uid: `uid-${name}`, resourceVersion: String(version) };
  return { apiVersion: api_version, kind, metadata, ...more };
}

const OBJECTS = [
  made('Namespace', 'kube-system', 3),
  made('Secret', 'database', 8, { type: 'Opaque', data: { password: 'aHVudGVyMg==' } }),
  made('Pod', 'shop-x7f', 9),
  made('Deployment', 'shop', 7, { spec: { replicas: 2 } }),
  made('Job', 'backup-29384', 6, {
    metadata: {
      name: 'backup-29384',
      namespace: 'here',
      ownerReferences: [{ kind: 'CronJob', name: 'backup', uid: 'u' }],
    },
  }),
  made('Lease', 'leader', 41),
];

function cluster(objects: readonly KubeObject[]): {
  client: KubeClient;
  asked: string[];
  most: () => number;
} {
  const asked: string[] = [];
  let open = 0;
  let most = 0;
  const client = partialClient({
    kinds: () => Promise.resolve(KINDS),
    async list({ kind }) {
      asked.push(kind);
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open -= 1;
      return objects.filter((one) => one.kind === kind);
    },
  });
  return { client, asked, most: () => most };
}

describe('an inventory', () => {
  test('has every object that a rebuild must bring back, and of all kinds how many', async () => {
    const { client, asked, most } = cluster(OBJECTS);
    const { objects, ...rest } = await takeInventory(client, 'before');
    expect(objects.map(({ subject }) => subject)).toEqual([
      'Deployment/here/shop',
      'Namespace/here/kube-system',
      'Secret/here/database',
    ]);
    expect(rest).toEqual({
      moment: 'before',
      cluster_uid: 'uid-kube-system',
      revision: '41',
      kinds: {
        'v1 Namespace': 1,
        'v1 Secret': 1,
        'apps/v1 Deployment': 1,
        'batch/v1 Job': 0,
        'example/v1 Rare': 0,
      },
    });
    expect(asked).not.toContain('Pod');
    expect(most()).toBeLessThanOrEqual(4);
  });

  test('holds no secret, and marks it alike each time', async () => {
    const one = await takeInventory(cluster(OBJECTS).client, 'before');
    const other = await takeInventory(cluster(OBJECTS).client, 'after');
    expect(JSON.stringify(one)).not.toContain('aHVudGVyMg');
    expect(driftOf(one, other)).toEqual([]);
  });

  test('is recorded', async () => {
    const drafts: Draft[] = [];
    const data = await recordInventory(cluster(OBJECTS).client, 'after', {
      record: (draft) => drafts.push(draft),
    });
    expect(drafts).toEqual([{ source: 'recovery', kind: 'inventory', subject: 'Cluster/none', data }]);
  });

  test('of a cluster that cannot be one is none', async () => {
    await expect(takeInventory(cluster([]).client, 'before')).rejects.toThrow(UnfitError);
  });
});
