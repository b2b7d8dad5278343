import { describe, expect, test } from 'vitest';
import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import { deployShop } from './shop.ts';
import { type ShopDeployment, shopManifests, type ShopPart } from './shop-manifests.ts';
import { shopSchema } from './postgres.ts';
import { notingContext } from './testing/noting.ts';

const SHOP_V1 = { namespace: 'here', release: 'v1', document: { release: 'v1' } };

const SECRET: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'postgres', name: 'postgres' },
  data: { password: Buffer.from('p@ss/word').toString('base64') },
};

async function parts(shop: Partial<ShopDeployment>, wanted: readonly ShopPart[]) {
  const { ctx } = notingContext(['shop']);
  const manifests = await shopManifests(ctx, { ...SHOP_V1, ...shop }, wanted);
  return manifests.map(({ object }) => object);
}

async function deployed(shop: Partial<ShopDeployment>, there: readonly KubeObject[] = []) {
  const { ctx, applied } = notingContext(['shop'], there);
  await deployShop(ctx, { ...SHOP_V1, ...shop });
  return applied;
}

const kinds = (objects: readonly KubeObject[]): string[] => objects.map(({ kind }) => kind).toSorted();

const databaseUrl = (objects: readonly KubeObject[]): unknown =>
  listAt(
    objects.find(({ kind }) => kind === 'Deployment'),
    'spec',
    'template',
    'spec',
    'containers',
    0,
    'env',
  ).find((one) => at(one, 'name') === 'DATABASE_URL');

describe('shopManifests', () => {
  test('a Canary behind Contour names the Gateway and the host, behind Traefik neither', async () => {
    const contour = (await parts({ gateway: 'contour' }, ['canary'])).find(({ kind }) => kind === 'Canary');
    expect(contour?.['spec']).toMatchObject({
      provider: expect.stringContaining('gatewayapi'),
      service: { port: 80, hosts: ['shop.here.test'], gatewayRefs: [{ name: 'contour' }] },
    });
    const traefik = (await parts({}, ['canary'])).find(({ kind }) => kind === 'Canary');
    expect(traefik?.['spec']).toMatchObject({ provider: 'traefik' });
    expect(at(traefik, 'spec', 'service', 'gatewayRefs')).toBeUndefined();
  });

  test.each<[what: string, shop: Partial<ShopDeployment>, route: readonly string[]]>([
    ['Traefik and Flagger', {}, ['IngressRoute']],
    ['Traefik and nobody', { controller: 'none' }, ['IngressRoute']],
    ['Contour and Flagger, which makes the route itself', { gateway: 'contour' }, []],
    ['Contour and nobody', { gateway: 'contour', controller: 'none' }, ['HTTPRoute']],
  ])('the route of %s', async (_what, shop, route) => {
    expect(kinds(await parts(shop, ['route']))).toEqual(route);
  });

  test('there is no route of Contour that ignores weights', async () => {
    const shop: Partial<ShopDeployment> = { gateway: 'contour', canary: { routing: 'ignores-weights' } };
    await expect(parts(shop, ['route'])).rejects.toThrow('exists for traefik only');
  });

  test('no piece names a number of pods, which belongs to whoever rolls the shop out', async () => {
    const [deployment] = await parts({}, ['deployment']);
    expect(at(deployment, 'spec', 'replicas')).toBeUndefined();
  });
});

describe('deployShop', () => {
  test('without a controller is a Deployment and a Service behind the gateway', async () => {
    const objects = await deployed({ controller: 'none' });
    expect(kinds(objects)).toEqual(['ConfigMap', 'Deployment', 'IngressRoute', 'Namespace', 'Service']);
  });

  test('leaves the workload of Argo Rollouts to who knows it', async () => {
    const { ctx, applied } = notingContext(['shop']);
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'shop' } };
    const position = { file: 'x', line: 1, column: 1 };
    await deployShop(ctx, { ...SHOP_V1, controller: 'argo-rollouts' }, [{ object: rollout, position }]);
    expect(kinds(applied)).not.toContain('Deployment');
    expect(kinds(applied)).toContain('Rollout');
  });

  test('tells the shop where its database is, in a Secret that must be there', async () => {
    const objects = await deployed({ controller: 'none', database: true }, [SECRET]);
    const secret = objects.find(({ kind }) => kind === 'Secret');
    expect(secret?.metadata).toMatchObject({ name: 'shop-database', namespace: 'here' });
    const url = new URL(String(at(secret, 'stringData', 'url')));
    expect([decodeURIComponent(url.password), url.host]).toEqual(['p@ss/word', 'postgres.postgres:5432']);
    expect(url.searchParams.get('schema')).toBe(shopSchema('here'));
    expect(databaseUrl(objects)).toMatchObject({
      valueFrom: { secretKeyRef: { name: 'shop-database', key: 'url', optional: false } },
    });
  });

  test('keeps orders in memory where no database was asked for', async () => {
    const objects = await deployed({ controller: 'none' }, [SECRET]);
    expect(kinds(objects)).not.toContain('Secret');
    expect(databaseUrl(objects)).toMatchObject({ valueFrom: { secretKeyRef: { optional: true } } });
  });

  test('says what is missing where a cluster has no PostgreSQL', async () => {
    await expect(deployed({ database: true })).rejects.toThrow('has no PostgreSQL');
  });
});

describe('shopSchema', () => {
  test('is a plain name of its own for each namespace', () => {
    expect(shopSchema('run-mwq3a68')).toBe('shop_run_mwq3a68');
    expect(() => shopSchema('x'.repeat(63))).toThrow('too long');
  });
});
