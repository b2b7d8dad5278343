import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import { type GatewayName, NOTHING, type Split } from './adapter.ts';
import { contourCluster, envoyWeights, istioCluster } from './envoy.ts';
import { gatewayOf } from './gateways.ts';
import { virtualServiceWeights } from './istio.ts';
import { traefikWeights } from './traefik.ts';

/** The split that the recorded samples are of. */
const SPLIT: Split = {
  namespace: 'gw-try',
  name: 'shop',
  host: 'shop.gw-try.test',
  primary: 'shop-primary',
  canary: 'shop-canary',
};

/** Read from Traefik 3.6.1 and from Envoy 1.40 behind Contour 1.33.8; what other applications had there is left out. */
const sample = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'testing', name), 'utf8'));

const NAMES: readonly GatewayName[] = ['traefik', 'contour', 'istio'];

const declaring = (name: GatewayName, objects: readonly KubeObject[]): KubeObject => {
  const { kind } = gatewayOf(name).declares;
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`${name} made no ${kind}`);
  return found;
};

const traefikService = (...services: object[]): KubeObject => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'TraefikService',
  metadata: { name: 'shop' },
  spec: { weighted: { services } },
});

const virtualService = (...route: object[]): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'shop' },
  spec: { http: [{ route }] },
});

const destination = (host: string, weight?: number): object => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
});

const dumpOf = (cluster: string): object => ({
  configs: [
    {
      route_config: {
        virtual_hosts: [{ domains: ['shop.gw-try.test:*'], routes: [{ route: { cluster } }] }],
      },
    },
  ],
});

describe.each(NAMES)('%s', (name) => {
  const gateway = gatewayOf(name);

  test('the weights that are written are those that are read back from the object', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (canary_pct) => {
        const object = declaring(name, gateway.objects(SPLIT, canary_pct));
        expect(gateway.declared(SPLIT, object)).toEqual({ primary_pct: 100 - canary_pct, canary_pct });
      }),
    );
  });

  test('an object that does not lead to the primary declares nothing', () => {
    const object = declaring(name, gateway.objects({ ...SPLIT, primary: 'other', canary: 'another' }, 10));
    expect(gateway.declared(SPLIT, object)).toBeUndefined();
  });

  test('its bound is made of what it waits on purpose and an allowance', () => {
    expect(gateway.follows.within_ms).toBeGreaterThan(0);
    expect(gateway.follows.derivation).toContain('ms');
  });
});

test('a gateway that nobody knows is refused by name', () => {
  expect(() => gatewayOf('nginx')).toThrow(UsageError);
});

describe('declared weights', () => {
  test('Traefik: a canary that is not listed has no weight, and weights count in relation to each other', () => {
    const traefik = gatewayOf('traefik');
    expect(traefik.declared(SPLIT, traefikService({ name: 'shop-primary', weight: 100 }))?.canary_pct).toBe(
      0,
    );
    const both = traefikService({ name: 'shop-primary', weight: 30 }, { name: 'shop-canary', weight: 10 });
    expect(traefik.declared(SPLIT, both)).toEqual({ primary_pct: 75, canary_pct: 25 });
  });

  test('HTTPRoute: the rule of an A/B test with one reference is not the split', () => {
    const rules = [
      { backendRefs: [{ name: 'other' }] },
      {
        backendRefs: [
          { name: 'shop-primary', weight: 90 },
          { name: 'shop-canary', weight: 10 },
        ],
      },
    ];
    const object = { apiVersion: 'v1', kind: 'HTTPRoute', metadata: { name: 'shop' }, spec: { rules } };
    expect(gatewayOf('contour').declared(SPLIT, object)?.canary_pct).toBe(10);
  });

  test('VirtualService: hosts may be full names, and a destination alone has all the weight', () => {
    const full = 'shop-primary.gw-try.svc.cluster.local';
    expect(
      virtualServiceWeights(SPLIT, virtualService(destination(full, 60), destination('shop-canary', 40)))
        ?.canary_pct,
    ).toBe(40);
    expect(virtualServiceWeights(SPLIT, virtualService(destination('shop-primary')))).toEqual({
      primary_pct: 100,
      canary_pct: 0,
    });
    expect(
      virtualServiceWeights(
        SPLIT,
        virtualService(destination('shop-primary'), destination('shop-canary', 100)),
      )?.canary_pct,
    ).toBe(100);
    const elsewhere = 'shop-primary.other.svc.cluster.local';
    expect(
      virtualServiceWeights(
        SPLIT,
        virtualService(destination(elsewhere, 60), destination('shop-canary', 40)),
      ),
    ).toBeUndefined();
  });
});

describe('live weights of Traefik', () => {
  test('the recorded configuration serves what was declared', () => {
    expect(traefikWeights(SPLIT, sample('traefik-rawdata.json'))).toEqual({ primary_pct: 95, canary_pct: 5 });
  });

  test('a host without a router, and a router that is disabled, serve nothing', () => {
    const answer = sample('traefik-rawdata.json');
    expect(traefikWeights({ ...SPLIT, host: 'other.test' }, answer)).toEqual(NOTHING);
    for (const router of Object.values(Object(at(answer, 'routers'))))
      Object.assign(Object(router), { status: 'disabled' });
    expect(traefikWeights(SPLIT, answer)).toEqual(NOTHING);
  });

  test('a router that leads to other Services serves neither', () => {
    expect(traefikWeights({ ...SPLIT, primary: 'a', canary: 'b' }, sample('traefik-rawdata.json'))).toEqual(
      NOTHING,
    );
  });

  test('a router may lead to one Service alone', () => {
    const answer = {
      routers: {
        r: { rule: 'Host(`shop.gw-try.test`)', status: 'enabled', service: 'gw-try-shop-primary-80' },
      },
      services: { 'gw-try-shop-primary-80@kubernetescrd': { loadBalancer: {} } },
    };
    expect(traefikWeights(SPLIT, answer)).toEqual({ primary_pct: 100, canary_pct: 0 });
  });
});

describe('live weights of Envoy', () => {
  test('the recorded configuration serves what was declared', () => {
    const dump = sample('envoy-config-dump.json');
    expect(envoyWeights(SPLIT, dump, contourCluster)).toEqual({ primary_pct: 80, canary_pct: 20 });
    expect(envoyWeights({ ...SPLIT, host: 'other.test' }, dump, contourCluster)).toEqual(NOTHING);
    expect(envoyWeights({ ...SPLIT, namespace: 'other' }, dump, contourCluster)).toEqual(NOTHING);
  });

  test('a weight that is changed behind the back of the objects is seen', () => {
    const dump = sample('envoy-config-dump.json');
    const [route] = listAt(dump, 'configs', 0, 'route_config', 'virtual_hosts', 0, 'routes');
    const clusters = listAt(route, 'route', 'weighted_clusters', 'clusters');
    Object.assign(Object(clusters[0]), { weight: 23 });
    Object.assign(Object(clusters[1]), { weight: 77 });
    expect(envoyWeights(SPLIT, dump, contourCluster).canary_pct).toBeCloseTo(23);
  });

  test('one cluster alone has all the weight; domains may carry a port', () => {
    expect(envoyWeights(SPLIT, dumpOf('gw-try/shop-primary/80/da39a3ee5e'), contourCluster).primary_pct).toBe(
      100,
    );
    const istio = 'outbound|80||shop-canary.gw-try.svc.cluster.local';
    expect(envoyWeights(SPLIT, dumpOf(istio), istioCluster).canary_pct).toBe(100);
    expect(envoyWeights(SPLIT, dumpOf('envoy-admin'), contourCluster)).toEqual(NOTHING);
    expect(envoyWeights(SPLIT, dumpOf('inbound|80||'), istioCluster)).toEqual(NOTHING);
  });
});
