import { describe, expect, test } from 'vitest';
import type { SealedSecret } from '#harness/offsite/sealed.ts';
import { sealedSecrets, unsealed } from './fleet-secrets.ts';
import { imagesFor } from './profiles.ts';
import { REGISTRY } from './registry.ts';
import { notingContext } from './testing/noting.ts';

const COMPONENTS = [REGISTRY.flux, REGISTRY.traefik, REGISTRY.flagger, REGISTRY.postgres];
const IMAGES = imagesFor(COMPONENTS);
const SHOP = { namespace: 'shop-1', release: 'v1', document: { release: 'v1' }, database: true } as const;
const CREDENTIALS = { username: 'mettle', password: 'the-token' };

const nameOf = ({ namespace, name }: SealedSecret): string => `${namespace}/${name}`;

const named = (secrets: readonly SealedSecret[], name: string): SealedSecret['values'] =>
  secrets.find((one) => nameOf(one) === name)?.values ?? {};

describe('the sealed Secrets of a fleet', () => {
  test('are those of its components, of its repository and of the shop, which agree on the password', async () => {
    const { ctx } = notingContext(IMAGES);
    const secrets = await sealedSecrets(ctx, {
      components: COMPONENTS,
      shop: SHOP,
      credentials: CREDENTIALS,
    });
    expect(secrets.map(nameOf).toSorted()).toEqual([
      'flux-system/git-access',
      'postgres/postgres',
      'shop-1/shop-database',
    ]);
    const { password = '' } = named(secrets, 'postgres/postgres');
    expect(password.length).toBeGreaterThan(20);
    const url = new URL(named(secrets, 'shop-1/shop-database')['url'] ?? '');
    expect(url.password).toBe(password);
    expect(url.host).toBe('postgres.postgres:5432');
  });

  test('are as the cluster has them, where it has them', async () => {
    const { ctx } = notingContext(IMAGES);
    const options = { components: COMPONENTS, shop: SHOP, credentials: CREDENTIALS };
    const first = await sealedSecrets(ctx, options);
    const there = notingContext(
      IMAGES,
      first.map((one) => unsealed(one).object),
    );
    expect(await sealedSecrets(there.ctx, options)).toEqual(first);
    expect(await sealedSecrets(ctx, options)).not.toEqual(first);
  });

  test('lead the shop through its proxy where there is one', async () => {
    const { ctx } = notingContext(IMAGES);
    const shop = { ...SHOP, database_proxy: true };
    const secrets = await sealedSecrets(ctx, { components: COMPONENTS, shop, credentials: CREDENTIALS });
    const { url = '' } = named(secrets, 'shop-1/shop-database');
    expect(new URL(url).host).toBe('shop-database.shop-1:5432');
  });

  test('cannot be made for a shop that wants a database that nobody brings', async () => {
    const { ctx } = notingContext(IMAGES);
    const components = COMPONENTS.filter(({ name }) => name !== 'postgres');
    await expect(sealedSecrets(ctx, { components, shop: SHOP, credentials: CREDENTIALS })).rejects.toThrow(
      'the shop wants a database',
    );
  });
});
