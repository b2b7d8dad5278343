import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { at, type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { parseManifests } from '#harness/kube/manifests.ts';
import type { SealedSecret } from '#harness/offsite/sealed.ts';
import type { Component } from './component.ts';
import {
  componentManifests,
  type Fleet,
  fleetFiles,
  fleetParts,
  fleetShopFiles,
  FLEET_PATH,
} from './fleet.ts';
import { SOURCES } from './fleet-parts.ts';
import { sealedSecrets, unsealed } from './fleet-secrets.ts';
import { definitionsFor, imagesFor } from './profiles.ts';
import { REGISTRY } from './registry.ts';
import type { RepositoryFiles } from './shop-git.ts';
import { shopManifests } from './shop-manifests.ts';
import { definitionFolders } from './testing/definitions.ts';
import { notingContext } from './testing/noting.ts';

const COMPONENTS: readonly Component[] = Object.values(REGISTRY);
/** Istio without its data plane is definitions alone, and the guard images. */
const RUNNING = COMPONENTS.filter(({ workloads }) => workloads.length > 0);
const IMAGES = [...imagesFor(COMPONENTS), 'shop', 'toxiproxy'];
const SHOP = { namespace: 'shop-1', release: 'v1', document: { release: 'v1' }, database: true } as const;

let dir = '';
let fleet: Fleet = { components: COMPONENTS, definitions: {}, shop: SHOP };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mettle-fleet-'));
  fleet = { ...fleet, definitions: await definitionFolders(dir, definitionsFor(COMPONENTS)) };
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** Files of the fleet, and the Secrets of the same cluster. */
async function rendered(changes: Partial<Fleet> = {}) {
  const { ctx } = notingContext(IMAGES);
  const whole = { ...fleet, ...changes };
  const credentials = { username: 'mettle', password: 'the-token-of-the-repository' };
  const files = await fleetFiles(ctx, whole);
  return { files, secrets: await sealedSecrets(ctx, { ...whole, credentials }) };
}

const isKustomization = (path: string): boolean => path.endsWith('kustomization.yaml');

function objectsIn(files: RepositoryFiles, folder = ''): readonly KubeObject[] {
  return Object.entries(files)
    .filter(([path]) => path.startsWith(folder) && !isKustomization(path))
    .flatMap(([path, text]) => parseManifests(path, text).map(({ object }) => object));
}

/** What the ordinary installation applies of components. */
async function installed(components: readonly Component[]): Promise<readonly KubeObject[]> {
  const { ctx, applied } = notingContext(IMAGES);
  for (const one of components) await one.install(ctx);
  return applied;
}

const byName = (objects: readonly KubeObject[]): Map<string, KubeObject[]> =>
  Map.groupBy(objects, (one) => `${one.apiVersion} ${nameOf(one)}`);

/** Every value of a Secret, as it is and encoded. */
function valuesOf({ values }: SealedSecret): string[] {
  return Object.values(values).flatMap((one) => [one, Buffer.from(one).toString('base64')]);
}

describe('the repository of a fleet', () => {
  test('is the same each time that it is rendered', async () => {
    const [one, other] = [await rendered(), await rendered()];
    expect(one.files).toEqual(other.files);
    expect(Object.keys(one.files)).toEqual(Object.keys(one.files).toSorted());
    // The random parts are elsewhere.
    expect(one.secrets).not.toEqual(other.secrets);
  });

  test('holds no Secret, nor any value of one', async () => {
    const { files, secrets } = await rendered();
    expect(objectsIn(files).filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const text = Object.values(files).join('\n');
    // Names of users are no secrets.
    const values = new Set(secrets.flatMap(valuesOf)).difference(new Set(['shop', 'mettle']));
    expect([...values].filter((one) => text.includes(one))).toEqual([]);
    expect(values.size).toBeGreaterThan(8);
  });

  test('holds each object of the ordinary installation once, as it is, but for Secrets', async () => {
    const { files, secrets } = await rendered();
    const held = byName([...objectsIn(files), ...secrets.map((one) => unsealed(one).object)]);
    const wanted = byName(await installed(COMPONENTS));
    // The exceptions are looked at elsewhere.
    const same = [...wanted].filter(
      ([name]) => !/^v1 Secret|^apps.v1 .*(?:kustomize|source)-controller$/.test(name),
    );
    for (const [name, [object]] of same) expect(held.get(name)).toEqual([object]);
    expect([...wanted.keys()].filter((name) => held.get(name)?.length !== 1)).toEqual([]);
    expect([...held].filter(([, objects]) => objects.length !== 1)).toEqual([]);
  });

  test('has volumes go ahead of the claims that name them', async () => {
    const { files } = await rendered();
    const volumes = objectsIn(files, `${FLEET_PATH}/volumes.yaml`);
    expect(volumes.map(nameOf)).toEqual(['PersistentVolume/mettle-git', 'PersistentVolume/postgres']);
    const claims = objectsIn(files, 'components/').filter(({ kind }) => kind.startsWith('PersistentVolume'));
    expect(claims.map(nameOf)).toEqual([
      'PersistentVolumeClaim/git/repositories',
      'PersistentVolumeClaim/postgres/postgres',
    ]);
  });

  test('holds Flux with the settings that it is bootstrapped with, so that it never restarts itself', async () => {
    const { ctx } = notingContext(IMAGES);
    const { files } = await rendered();
    const manifests = await componentManifests(ctx, REGISTRY.flux);
    const objects = manifests.map(({ object }) => object).filter(({ kind }) => kind !== 'Namespace');
    expect(objectsIn(files, 'components/flux/')).toEqual(objects);
    expect(files['components/flux/20-controllers.yaml']).toContain('--requeue-dependency=1s');
  });

  test('holds the whole shop but its Secret, with no number of pods, and the proxy where there is one', async () => {
    const { ctx } = notingContext(IMAGES);
    const { files } = await rendered({ shop: { ...SHOP, database_proxy: true } });
    const held = byName(objectsIn(files, 'apps/shop/'));
    const wanted = await shopManifests(ctx, SHOP, ['release', 'deployment', 'canary', 'route']);
    for (const { object } of wanted)
      expect(held.get(`${object.apiVersion} ${nameOf(object)}`)).toEqual([object]);
    expect(at(held.get('apps/v1 Deployment/shop')?.[0], 'spec', 'replicas')).toBeUndefined();
    expect(held.has('apps/v1 Deployment/mettle-toxiproxy')).toBe(true);
  });

  test('names images by the references of the node', async () => {
    const { files } = await rendered();
    const named = Object.values(files).flatMap((text) => text.match(/^\s*(?:- )?image: .*$/gm) ?? []);
    expect(named.length).toBeGreaterThan(COMPONENTS.length);
    for (const line of named) expect(line).toMatch(/image: localhost\/mettle\/[\w-]+:1$/);
  });

  test('has a kustomization in each folder that names all that is in it', async () => {
    const { files } = await rendered();
    const folders = Object.keys(files).filter(isKustomization).map(dirname);
    const named = folders.flatMap((folder) =>
      listAt(parse(files[`${folder}/kustomization.yaml`] ?? ''), 'resources').map((one) =>
        normalize(join(folder, String(one))),
      ),
    );
    const manifests = Object.keys(files).filter((path) => !isKustomization(path));
    expect(named.toSorted()).toEqual(manifests.toSorted());
  });

  test('writes texts so that Go does not read them as something else', async () => {
    const { files } = await rendered();
    const text = files['definitions/traefik/things.traefik.test.yaml'] ?? '';
    expect(parse(text, { version: '1.1' })).toEqual(parse(text, { version: '1.2' }));
    expect(listAt(parse(text, { version: '1.1' }), 'spec', 'modes')).toEqual([
      'on',
      'no',
      'y',
      '0777',
      '1e3',
    ]);
    const differ = Object.entries(files).filter(
      ([, one]) => !isDeepStrictEqual(parseAll(one, '1.1'), parseAll(one, '1.2')),
    );
    expect(differ.map(([path]) => path)).toEqual([]);
  });
});

const parseAll = (text: string, version: '1.1' | '1.2'): unknown[] =>
  text.split(/^---\n/m).map((one): unknown => parse(one, { version }));

describe('the Kustomizations of a fleet', () => {
  test('each applies a folder that exists, as the one account, and waits for what it applied', async () => {
    const { files } = await rendered();
    const all = objectsIn(files, FLEET_PATH).filter(({ kind }) => kind === 'Kustomization');
    expect(all.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      [
        ...definitionsFor(COMPONENTS).map((folder) => `definitions-${folder}`),
        ...RUNNING.map(({ name }) => name),
        'shop',
      ].toSorted(),
    );
    for (const one of all) {
      expect(one['spec']).toMatchObject({
        wait: true,
        prune: true,
        deletionPolicy: 'Orphan',
        serviceAccountName: 'deployer',
      });
      const path = normalize(textAt(one, 'spec', 'path') ?? '');
      expect(files).toHaveProperty([`${path}/kustomization.yaml`]);
    }
  });

  test('wait for Kustomizations that exist, and never in a circle', async () => {
    const { files } = await rendered();
    const all = objectsIn(files, FLEET_PATH).filter(({ kind }) => kind === 'Kustomization');
    const after = new Map(
      all.map((one) => [
        one.metadata.name,
        listAt(one, 'spec', 'dependsOn').map((other) => textAt(other, 'name') ?? ''),
      ]),
    );
    const depth = (name: string, path: readonly string[]): void => {
      expect(path).not.toContain(name);
      const others = after.get(name);
      expect(others).toBeDefined();
      for (const one of others ?? []) depth(one, [...path, name]);
    };
    for (const name of after.keys()) depth(name, []);
    expect(after.get('shop')).toEqual(['traefik', 'flagger', 'postgres']);
  });

  test('give the shop its namespace, and are ready once Flagger has taken it over', async () => {
    const { files } = await rendered();
    const [shop] = objectsIn(files, `${FLEET_PATH}/shop.yaml`);
    expect(textAt(shop, 'spec', 'targetNamespace')).toBe('shop-1');
    expect(listAt(shop, 'spec', 'healthCheckExprs')).toMatchObject([{ kind: 'Canary' }]);
  });

  test('wait for what defines their kinds, and what the shop does not need for what it needs', () => {
    const after = new Map(
      fleetParts({ components: COMPONENTS, shop: SHOP }).map((one) => [one.name, one.after]),
    );
    const needed = ['traefik', 'flagger', 'postgres'];
    expect(after.get('traefik')).toEqual(['definitions-traefik']);
    expect(after.get('definitions-traefik')).toEqual([]);
    // Flagger asks it for metrics.
    expect(after.get('prometheus')).toEqual([]);
    expect(after.get('gate')).toEqual(needed);
    expect(after.get('contour')).toEqual([...needed, 'definitions-contour']);
    expect(after.get('definitions-contour')).toEqual(needed);
  });

  test('share definitions that several bring along', () => {
    const shared = COMPONENTS.map((one) =>
      one.name === 'gate' ? { ...one, definitions: ['traefik'] } : one,
    );
    const parts = fleetParts({ components: shared, shop: SHOP });
    expect(parts.filter(({ name }) => name === 'definitions-traefik')).toMatchObject([{ after: [] }]);
    expect(parts.find(({ name }) => name === 'gate')?.after).toContain('definitions-traefik');
  });

  test('leave all but the shop alone when a release is shipped', async () => {
    const { files } = await rendered();
    const all = objectsIn(files, FLEET_PATH).filter(({ kind }) => kind === 'Kustomization');
    const ofShop = all.filter((one) => textAt(one, 'spec', 'sourceRef', 'name') === SOURCES.shop);
    expect(ofShop.map(({ metadata }) => metadata.name)).toEqual(['shop']);
    const { ctx } = notingContext(IMAGES);
    const shipped = await fleetShopFiles(ctx, { ...SHOP, release: 'v2', former: ['v1'] });
    expect(Object.keys(shipped).filter((path) => !path.startsWith('apps/shop/'))).toEqual([]);
    const kept = listAt(parse(shipped['apps/shop/kustomization.yaml'] ?? ''), 'resources');
    expect(kept).toEqual(expect.arrayContaining(['releases/v1.yaml', 'releases/v2.yaml']));
  });
});

const without = (name: string): Fleet => ({
  ...fleet,
  components: COMPONENTS.filter((one) => one.name !== name),
});

describe('what cannot be a fleet is refused', () => {
  test.each(['flux', 'traefik', 'flagger', 'postgres'])('without %s', async (name) => {
    const { ctx } = notingContext(IMAGES);
    await expect(fleetFiles(ctx, without(name))).rejects.toThrow(`without ${name}`);
  });

  test('a shop that nobody rolls out, or whose Rollout is not given', () => {
    expect(() => fleetParts({ ...fleet, shop: { ...SHOP, controller: 'none' } })).toThrow('nobody rolls out');
    const argo = { ...SHOP, controller: 'argo-rollouts' } as const;
    expect(() => fleetParts({ ...fleet, shop: argo })).toThrow('no Rollout');
  });

  test('definitions that were not made ready', async () => {
    const { ctx } = notingContext(IMAGES);
    const { traefik: _absent, ...definitions } = fleet.definitions;
    await expect(fleetFiles(ctx, { ...fleet, definitions })).rejects.toThrow('no definitions of traefik');
  });

  test('a namespace that two components declare differently', async () => {
    const { ctx } = notingContext(IMAGES);
    const odd = COMPONENTS.map((one): Component => {
      if (one.name !== 'alertmanager') return one;
      const manifests: Component['manifests'] = async (...given) =>
        (await one.manifests(...given)).map((manifest) =>
          manifest.object.kind === 'Namespace'
            ? {
                ...manifest,
                object: { ...manifest.object, metadata: { name: 'monitoring', labels: { a: 'b' } } },
              }
            : manifest,
        );
      return { ...one, manifests };
    });
    await expect(fleetFiles(ctx, { ...fleet, components: odd })).rejects.toThrow('declared twice');
  });
});
