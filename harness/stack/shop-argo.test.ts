import { describe, expect, test } from 'vitest';
import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import type { StackContext } from './component.ts';
import {
  deployRolloutShop,
  moveToRollout,
  type RolloutOptions,
  rolloutOptions,
  shipToRollout,
} from './shop-argo.ts';

/** A context whose cluster only notes what is applied. */
function noting(): { readonly ctx: StackContext; readonly applied: KubeObject[] } {
  const applied: KubeObject[] = [];
  const kube = partialClient({
    apply: (manifests: readonly Manifest[]) => {
      applied.push(...manifests.map(({ object }) => object));
      return Promise.resolve([]);
    },
    get: () => Promise.resolve(undefined),
  });
  const images = { shop: 'localhost/mettle/shop:1' };
  return { applied, ctx: { kube, artifacts: { images }, components: [], progress: () => undefined } };
}

const v1 = { namespace: 'here', release: 'v1', document: { release: 'v1' } };

async function deployed(rollout?: RolloutOptions, as?: 'deployment'): Promise<readonly KubeObject[]> {
  const { ctx, applied } = noting();
  await deployRolloutShop(ctx, { ...v1, ...(rollout ? { rollout } : {}) }, as);
  return applied;
}

const named = (objects: readonly KubeObject[], kind: string, name = 'shop'): KubeObject => {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} was applied`);
  return found;
};

describe('a canary', () => {
  test('has the steps that are asked for, and a pod template of its own with the release', async () => {
    const steps = [{ weight_pct: 5, pause_s: 7 }];
    const rollout = named(await deployed({ steps }), 'Rollout');
    expect(at(rollout, 'spec', 'strategy', 'canary', 'steps')).toEqual([
      { setWeight: 5 },
      { pause: { duration: '7s' } },
    ]);
    expect(at(rollout, 'spec', 'template', 'metadata', 'labels', 'mettle.dev/release')).toBe('v1');
    expect(at(rollout, 'spec', 'selector', 'matchLabels', 'app')).toBe('shop');
    expect(at(rollout, 'spec', 'replicas')).toBe(2);
  });

  test('is split by a TraefikService over its two Services, and reached by the weighted route', async () => {
    const objects = await deployed();
    expect(listAt(named(objects, 'TraefikService'), 'spec', 'weighted', 'services')).toMatchObject([
      { name: 'shop-stable', weight: 100 },
      { name: 'shop-canary', weight: 0 },
    ]);
    const route = named(objects, 'IngressRoute');
    expect(at(route, 'spec', 'routes', 0, 'services', 0)).toMatchObject({
      kind: 'TraefikService',
      name: 'shop',
    });
    const rollout = named(objects, 'Rollout');
    expect(at(rollout, 'spec', 'strategy', 'canary')).toMatchObject({
      stableService: 'shop-stable',
      canaryService: 'shop-canary',
      canaryMetadata: { labels: { 'mettle.dev/role': 'canary' } },
      stableMetadata: { labels: { 'mettle.dev/role': 'stable' } },
    });
  });

  test('has an analysis that fails without data, with the declared pace and limit', async () => {
    const template = named(
      await deployed({ failure_limit: 3, interval_s: 7 }),
      'AnalysisTemplate',
      'error-rate',
    );
    expect(at(template, 'spec', 'metrics', 0)).toMatchObject({
      name: 'error-rate',
      interval: '7s',
      initialDelay: '10s',
      failureLimit: 3,
      successCondition: 'len(result) > 0 && result[0] <= 1',
    });
    expect(String(at(template, 'spec', 'metrics', 0, 'provider', 'prometheus', 'query'))).toContain(
      'http_requests_total{namespace="{{args.namespace}}", role="canary"}[10s]',
    );
    expect(at(template, 'spec', 'metrics', 0)).not.toHaveProperty('count');
  });

  test('holds its first weight for longer than its analysis needs to fail', () => {
    const { steps, initial_delay_s, failure_limit, interval_s } = rolloutOptions();
    expect(steps[0]?.pause_s).toBeGreaterThan(initial_delay_s + failure_limit * interval_s);
  });
});

test('seeded defects change what they say and nothing else', async () => {
  const blind = named(
    await deployed({ metric: 'nobody_total', no_data: 'passes' }),
    'AnalysisTemplate',
    'error-rate',
  );
  expect(at(blind, 'spec', 'metrics', 0)).toMatchObject({
    failureCondition: 'len(result) > 0 && result[0] > 1',
  });
  expect(at(blind, 'spec', 'metrics', 0)).not.toHaveProperty('successCondition');
  const unlabelled = named(await deployed({ role_labels: 'missing' }), 'Rollout');
  expect(at(unlabelled, 'spec', 'strategy', 'canary')).not.toHaveProperty('canaryMetadata');
  expect(at(unlabelled, 'spec', 'strategy', 'canary')).not.toHaveProperty('stableMetadata');
  const silent = named(await deployed({ unsubscribed: ['on-rollout-aborted'] }), 'Rollout');
  const subscribed = Object.keys(silent.metadata.annotations ?? {});
  expect(subscribed).not.toContain('notifications.argoproj.io/subscribe.on-rollout-aborted.slack');
  expect(subscribed).toContain('notifications.argoproj.io/subscribe.on-rollout-completed.slack');
  expect(subscribed).toContain('notifications.argoproj.io/subscribe.on-degraded.releases');
});

test('blue/green routes users to the active Service and is measured a set number of times', async () => {
  const objects = await deployed({ strategy: 'blue-green' });
  const routes = objects.filter(({ kind }) => kind === 'IngressRoute');
  expect(routes).toHaveLength(1);
  expect(at(routes[0], 'spec', 'routes', 0, 'services', 0)).toMatchObject({ name: 'shop-active' });
  const template = named(objects, 'AnalysisTemplate', 'error-rate');
  expect(at(template, 'spec', 'metrics', 0, 'count')).toBe(2);
  const strategy = at(named(objects, 'Rollout'), 'spec', 'strategy');
  expect(strategy).toMatchObject({
    blueGreen: { activeService: 'shop-active', previewService: 'shop-preview', autoPromotionSeconds: 5 },
  });
  expect(objects.some(({ kind }) => kind === 'TraefikService')).toBe(false);
});

describe('a Deployment that is moved to a Rollout', () => {
  const rollout = { workload_scale_down: 'progressively' } as const;

  test('serves alone behind the Services that the Rollout will use', async () => {
    const objects = await deployed(rollout, 'deployment');
    expect(at(named(objects, 'Deployment'), 'spec', 'replicas')).toBe(2);
    expect(objects.some(({ kind }) => kind === 'Rollout')).toBe(false);
    named(objects, 'TraefikService');
  });

  test('is referred to, and the Rollout has no template of its own', async () => {
    const { ctx, applied } = noting();
    await moveToRollout(ctx, { ...v1, rollout });
    expect(applied).toHaveLength(1);
    expect(at(applied[0], 'spec', 'workloadRef')).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'shop',
      scaleDown: 'progressively',
    });
    expect(at(applied[0], 'spec')).not.toHaveProperty('template');
  });

  test('is what a release is shipped by, without a number of pods, which the controller owns', async () => {
    const { ctx, applied } = noting();
    await shipToRollout(ctx, { ...v1, release: 'v2', rollout });
    expect(applied.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment']);
    expect(at(applied[1], 'spec')).not.toHaveProperty('replicas');
    expect(at(applied[1], 'spec', 'template', 'metadata', 'labels', 'mettle.dev/release')).toBe('v2');
  });
});

test('a release is shipped by the pod template of the Rollout alone', async () => {
  const { ctx, applied } = noting();
  await shipToRollout(ctx, { ...v1, release: 'v2' });
  expect(applied.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Rollout']);
});
