import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { NODE_PORTS } from '#harness/cluster/types.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import type { StackContext } from './component.ts';
import { SHOP_ALERT } from './alert-rules.ts';
import { type CanaryOptions, deployShop, shipRelease } from './shop.ts';
import { imagesFor } from './profiles.ts';
import { REGISTRY } from './registry.ts';

const NAMES = [...imagesFor(Object.values(REGISTRY)), 'shop'];
const images = Object.fromEntries(NAMES.map((name) => [name, `localhost/mettle/${name}:1`]));

/** A context whose cluster only notes what is applied. */
function noting(): { readonly ctx: StackContext; readonly applied: KubeObject[] } {
  const applied: KubeObject[] = [];
  const apply = (manifests: readonly Manifest[]): Promise<KubeObject[]> => {
    applied.push(...manifests.map(({ object }) => object));
    return Promise.resolve([]);
  };
  const kube = partialClient({
    apply,
    get: () => Promise.resolve(undefined),
  });
  return { applied, ctx: { kube, artifacts: { images }, components: [], progress: () => undefined } };
}

async function deployed(canary?: CanaryOptions): Promise<readonly KubeObject[]> {
  const { ctx, applied } = noting();
  const document = { release: 'v1' };
  await deployShop(ctx, { namespace: 'here', release: 'v1', document, ...(canary ? { canary } : {}) });
  return applied;
}

const find = (objects: readonly KubeObject[], kind: string): KubeObject => {
  const found = objects.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} was applied`);
  return found;
};

const containersOf = (object: KubeObject): readonly unknown[] =>
  listAt(object, 'spec', 'template', 'spec', 'containers');

const service = (objects: readonly KubeObject[]): unknown =>
  at(find(objects, 'IngressRoute'), 'spec', 'routes', 0, 'services', 0);

describe('manifests', () => {
  test.each(Object.values(REGISTRY).flatMap((one) => one.workloads.map((workload) => ({ one, workload }))))(
    '$workload.name of $one.name runs without rights it does not need, from our image, and is asked often whether it is ready',
    async ({ one, workload }) => {
      const { ctx, applied } = noting();
      await one.install(ctx);
      const { kind = 'Deployment', namespace, name } = workload;
      const object = applied.find((made) => made.kind === kind && made.metadata.name === name);
      if (object === undefined) throw new Error(`no ${kind} ${name} was applied`);
      expect(object.metadata.namespace).toBe(namespace);
      const containers = containersOf(object);
      expect(containers.length).toBeGreaterThan(0);
      for (const container of containers) {
        expect(one.images.map((image) => images[image])).toContain(textAt(container, 'image'));
        expect(container).toMatchObject({
          imagePullPolicy: 'IfNotPresent',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        });
      }
      for (const container of containers) {
        // A question that starts a program is asked less often than one over HTTP.
        const probe = at(container, 'readinessProbe');
        expect(numberAt(probe, 'periodSeconds')).toBeLessThanOrEqual(at(probe, 'exec') ? 5 : 1);
        const pod = at(object, 'spec', 'template', 'spec', 'securityContext', 'runAsNonRoot');
        expect(at(container, 'securityContext', 'runAsNonRoot') ?? pod).toBe(true);
      }
      // A second apply must not fight whoever scales a part of the stack.
      expect(at(object, 'spec', 'replicas')).toBeUndefined();
      // Its pods are found by what the workload says of them.
      const labels = Object.entries(Object(at(object, 'spec', 'template', 'metadata', 'labels')));
      expect(labels.map(([key, value]) => `${key}=${String(value)}`)).toContain(
        workload.labels ?? `app=${name}`,
      );
    },
  );

  test.each(Object.values(REGISTRY).flatMap((one) => (one.access.length > 0 ? [one] : [])))(
    '$name is reached by a Service at the node port that clusters publish',
    async (one) => {
      const { ctx, applied } = noting();
      await one.install(ctx);
      const node_ports = applied
        .filter(({ kind }) => kind === 'Service')
        .flatMap((made) => listAt(made, 'spec', 'ports').map((port) => at(port, 'nodePort')));
      for (const way of one.access) expect(node_ports).toContain(NODE_PORTS[way.service]);
    },
  );

  test.each(Object.values(REGISTRY).filter(({ workloads }) => workloads.length === 0))(
    '$name brings definitions or images alone, so there is nothing to install or to wait for',
    async (one) => {
      const { ctx, applied } = noting();
      await one.install(ctx);
      await one.ready(ctx, 1);
      expect(applied).toEqual([]);
      expect(one.definitions.length + one.images.length).toBeGreaterThan(0);
    },
  );

  test('the alert rule is the declared one', async () => {
    const { ctx, applied } = noting();
    await REGISTRY.prometheus.install(ctx);
    const maps = applied.filter(({ kind }) => kind === 'ConfigMap');
    const text = maps.map((map) => textAt(map, 'data', 'shop.yml')).find(Boolean) ?? '';
    const rule: unknown = at(parse(text), 'groups', 0, 'rules', 0);
    expect(rule).toMatchObject({ alert: SHOP_ALERT.name, for: `${SHOP_ALERT.for_s}s` });
    const { expr } = Object(rule);
    expect(expr).toMatch(new RegExp(`> ${SHOP_ALERT.threshold_pct / 100}\\s*$`));
    expect(expr).toContain(`[${SHOP_ALERT.window_s}s]`);
  });
});

describe('deployShop', () => {
  test('makes the Canary of the declared options', async () => {
    const canary = find(await deployed({ threshold: 1000, interval_s: 15 }), 'Canary');
    expect(at(canary, 'spec', 'analysis')).toMatchObject({
      interval: '15s',
      threshold: 1000,
      stepWeight: 10,
      maxWeight: 50,
      metrics: [{ name: 'error-rate', interval: '15s', thresholdRange: { max: 1 } }],
    });
  });

  test('routes to the weighted service, or, as a seeded defect, to all pods alike', async () => {
    expect(service(await deployed())).toMatchObject({ kind: 'TraefikService', name: 'shop' });
    expect(service(await deployed({ routing: 'ignores-weights' }))).toMatchObject({
      kind: 'Service',
      name: 'shop-all',
    });
  });

  test('the check reads the declared counter', async () => {
    const query = textAt(
      find(await deployed({ metric: 'no_such_total' }), 'MetricTemplate'),
      'spec',
      'query',
    );
    expect(query).toContain('rate(no_such_total{namespace="{{ namespace }}"');
  });

  test('refuses a release that cannot name an object', async () => {
    const { ctx } = noting();
    const shop = { namespace: 'here', release: 'Not_A_Name', document: {} };
    await expect(deployShop(ctx, shop)).rejects.toThrow('cannot name an object');
  });
});

describe('shipRelease', () => {
  test('names the new release everywhere and leaves the number of pods to Flagger', async () => {
    expect(at(find(await deployed(), 'Deployment'), 'spec', 'replicas')).toBe(2);
    const { ctx, applied } = noting();
    await shipRelease(ctx, { namespace: 'here', release: 'v2', document: { release: 'v2' } });
    expect(applied.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment']);
    const [map, deployment] = applied;
    expect(map).toMatchObject({
      metadata: { name: 'shop-release-v2' },
      data: { 'release.yaml': 'release: v2\n' },
    });
    expect(at(deployment, 'spec', 'replicas')).toBeUndefined();
    expect(at(deployment, 'spec', 'template', 'metadata', 'labels', 'mettle.dev/release')).toBe('v2');
    expect(at(deployment, 'spec', 'template', 'spec', 'volumes', 0, 'configMap', 'name')).toBe(
      'shop-release-v2',
    );
  });
});
