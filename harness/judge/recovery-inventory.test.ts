import { describe, expect, test } from 'vitest';
import type { InventoryData } from '#harness/core/recovery.ts';
import { complaints, removed, replicas, ruleOf } from './testing/recovery-run.ts';

const named = (kind: string) => (data: InventoryData) => ({
  ...data,
  objects: data.objects.filter(({ subject }) => !subject.startsWith(`${kind}/`)),
});

const one_cluster = (data: InventoryData) => ({ ...data, cluster_uid: 'first' });

const one_moment = (data: InventoryData) => ({ ...one_cluster(data), revision: '1' });

describe('a drift check that is blind', () => {
  test.each<[what: string, inventory: (taken: InventoryData) => InventoryData]>([
    ['empty', (data) => ({ ...data, objects: [] })],
    ['empty before', (data) => (data.moment === 'before' ? { ...data, objects: [] } : data)],
    ['without namespaces', named('Namespace')],
    ['without definitions', named('CustomResourceDefinition')],
    ['without services', named('Service')],
    [
      "without the run's workload",
      (data) => ({
        ...data,
        objects: data.objects.map((one) =>
          one.subject === 'Deployment/shop-demo/shop'
            ? { ...one, subject: 'Deployment/shop-demo/other' }
            : one,
        ),
      }),
    ],
    [
      'without any field',
      (data) => ({ ...data, objects: data.objects.map((one) => ({ ...one, fields: {} })) }),
    ],
    ['taken twice of one cluster', (data) => ({ ...data, cluster_uid: 'first' })],
  ])('%s: inconclusive', (_what, inventory) => {
    expect(complaints({ inventory })).toContain('objects-same: inconclusive');
  });

  test.each(['before', 'after'] as const)('no inventory %s: inconclusive', (moment) => {
    const gone = removed(
      (one) => one.source === 'recovery' && one.kind === 'inventory' && one.data.moment === moment,
    );
    expect(complaints({}, gone)).toContain('objects-same: inconclusive');
  });

  test('of a part, taken twice at one moment', () => {
    const expectation = { loses: 'gateway' };
    expect(ruleOf('objects-same', { expectation, inventory: one_cluster }).outcome).toBe('pass');
    expect(ruleOf('objects-same', { expectation, inventory: one_moment }).outcome).toBe('inconclusive');
  });

  test('what may differ is allowed with its reason, and a declaration without effect is named', () => {
    const may_differ = [
      { subject: 'Deployment/shop-demo/*', field: 'spec.replicas', why: 'an autoscaler decides' },
      { subject: 'Secret/shop-demo/none', field: 'data.*', why: 'made anew' },
    ];
    const { outcome, reason, items } = ruleOf('objects-same', {
      inventory: replicas(3),
      expectation: { may_differ },
    });
    expect(outcome).toBe('pass');
    expect(reason).toContain('Secret/shop-demo/none data.*');
    expect(items).toEqual([
      'allowed, an autoscaler decides: Deployment/shop-demo/shop spec.replicas: 2 before, 3 after',
    ]);
  });
});
