import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { at, type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { placeOfRefusal } from '#harness/core/refusal.ts';
import { type Manifest, parseManifests } from '#harness/kube/manifests.ts';
import { flux } from './flux.ts';
import {
  beginDelivery,
  chartFiles,
  chartValues,
  configurationFiles,
  kustomizationFiles,
  type RepositoryFiles,
} from './shop-git.ts';
import { shopManifests } from './shop-manifests.ts';
import { notingContext } from './testing/noting.ts';

const { ctx } = notingContext(['shop']);

const SHOP = { namespace: 'shop-1', release: 'v2', document: { release: 'v2' } };

const objectsOf = (files: RepositoryFiles): readonly Manifest[] =>
  Object.entries(files)
    .filter(([path]) => !path.endsWith('kustomization.yaml'))
    .flatMap(([path, text]) => parseManifests(path, text));

const REMOTE = { url: 'http://127.0.0.1:1/git/shop-1.git', username: 'mettle', password: 'the-token' };

async function delivered(applier: 'kustomization' | 'helm-release'): Promise<readonly KubeObject[]> {
  const { ctx: noting, applied } = notingContext([]);
  await beginDelivery(noting, { namespace: 'shop-1', repository: 'shop-1', remote: REMOTE, applier });
  return applied;
}

const kind = (objects: readonly KubeObject[], wanted: string): readonly KubeObject[] =>
  objects.filter((one) => one.kind === wanted);

const rulesOf = (objects: readonly KubeObject[]): readonly unknown[] =>
  objects.flatMap((one) => listAt(one, 'rules'));

describe('delivery to a namespace', () => {
  test.each(['kustomization', 'helm-release'] as const)(
    'by a %s happens as the one account of the namespace, which may act nowhere else',
    async (applier) => {
      const objects = await delivered(applier);
      const [one] = [...kind(objects, 'Kustomization'), ...kind(objects, 'HelmRelease')];
      expect(at(one, 'spec', 'serviceAccountName')).toBe('deployer');
      expect(at(one, 'spec', 'targetNamespace')).toBe('shop-1');
      expect(kind(objects, 'ClusterRoleBinding')).toEqual([]);
      expect(JSON.stringify(rulesOf(kind(objects, 'Role')))).not.toMatch(/"\*"|impersonate|escalate|bind/);
    },
  );

  test('keeps the token in a Secret and nowhere else', async () => {
    const objects = await delivered('kustomization');
    const rest = objects.filter((one) => one.kind !== 'Secret');
    expect(JSON.stringify(rest)).not.toContain(REMOTE.password);
    expect(textAt(kind(objects, 'GitRepository')[0], 'spec', 'url')).toBe('http://git.git/git/shop-1.git');
  });
});

describe('the controllers of Flux', () => {
  test('may neither do everything, nor read Secrets of the whole cluster one by one', async () => {
    const { ctx: noting, applied } = notingContext(flux.images);
    await flux.install(noting);
    const bound = new Set(kind(applied, 'ClusterRoleBinding').map((one) => textAt(one, 'roleRef', 'name')));
    expect(bound.has('cluster-admin')).toBe(false);
    const everywhere = rulesOf(kind(applied, 'ClusterRole').filter((one) => bound.has(one.metadata.name)));
    expect(JSON.stringify(everywhere)).not.toMatch(/"\*"|impersonate|escalate|bind/);
    const secrets = everywhere.filter((rule) => listAt(rule, 'resources').includes('secrets'));
    expect(secrets.flatMap((rule) => listAt(rule, 'verbs'))).toEqual(['list', 'watch']);
  });
});

const emptyObject = (apiVersion: string, of: string): Manifest => ({
  object: { apiVersion, kind: of, metadata: { name: 'shop' } },
  position: { file: 'x', line: 1, column: 1 },
});

describe('the shop in a repository', () => {
  test('is a kustomization that lists each of its files, and the former releases', async () => {
    const files = await kustomizationFiles(ctx, { ...SHOP, former: ['v1'] });
    expect(Object.keys(files).sort()).toEqual([
      'apps/shop/canary.yaml',
      'apps/shop/deployment.yaml',
      'apps/shop/kustomization.yaml',
      'apps/shop/releases/v2.yaml',
      'apps/shop/route.yaml',
    ]);
    expect(parse(files['apps/shop/kustomization.yaml'] ?? '')).toMatchObject({
      resources: ['canary.yaml', 'deployment.yaml', 'releases/v1.yaml', 'releases/v2.yaml', 'route.yaml'],
    });
  });

  test('leaves the number of pods to Flagger', async () => {
    const deployment = objectsOf(await kustomizationFiles(ctx, SHOP)).find(
      ({ object }) => object.kind === 'Deployment',
    );
    expect(deployment).toBeDefined();
    expect(at(deployment?.object, 'spec', 'replicas')).toBeUndefined();
  });

  test('keeps Flux from setting back what the rollout controller changes', async () => {
    const rollout = [emptyObject('traefik.io/v1alpha1', 'TraefikService'), emptyObject('v1', 'Service')];
    const files = await kustomizationFiles(ctx, { ...SHOP, controller: 'argo-rollouts', rollout });
    const changed = objectsOf(files).filter(({ object }) => object.kind.endsWith('Service'));
    expect(changed.map(({ object }) => object.metadata.annotations)).toEqual([
      { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' },
      { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' },
    ]);
    expect(files['apps/shop/deployment.yaml']).toBeUndefined();
  });

  test('ships configuration by one file alone', async () => {
    const files = await configurationFiles(ctx, { ...SHOP, release: 'v1' });
    expect(Object.keys(files)).toEqual(['apps/shop/releases/v1.yaml']);
  });

  test('leads a refusal back to the line of its file', async () => {
    const files = await kustomizationFiles(ctx, SHOP);
    const words =
      'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000';
    const place = placeOfRefusal(words, files);
    expect(files[place?.file ?? '']?.split('\n')[(place?.line ?? 0) - 1]).toMatch(/containerPort: 8080/);
  });
});

/** What Helm makes of the few expressions that the chart's templates use; anything else is left and breaks the parser. */
function rendered(template: string, values: unknown): string {
  const valueAt = (path: string): unknown => at(values, ...path.split('.'));
  return template
    .replaceAll(/\{\{ include "shop\.releaseMap" \. \}\}/g, 'shop-release-v2')
    .replaceAll(/\{\{ required "[^"]*" \.Values\.(?<path>[\w.]+) \}\}/g, (_, path: string) =>
      String(valueAt(path)),
    )
    .replaceAll(/\{\{- toYaml \.Values\.(?<path>[\w.]+) \| nindent \d+ \}\}/g, (_, path: string) =>
      JSON.stringify(valueAt(path)),
    )
    .replaceAll(/\{\{ \.Values\.(?<path>[\w.]+) \}\}/g, (_, path: string) => String(valueAt(path)));
}

const container = (manifest: Manifest | undefined): object =>
  Object(at(manifest?.object, 'spec', 'template', 'spec', 'containers', 0));

const without_env = ({ env: _env, ...rest }: { env?: unknown }): object => rest;

const around = (manifest: Manifest | undefined): unknown => {
  const { containers: _containers, ...pod } = Object(at(manifest?.object, 'spec', 'template', 'spec'));
  const { template, ...spec } = Object(manifest?.object['spec']);
  return { spec, pod, metadata: at(template, 'metadata') };
};

describe('the chart of the shop', () => {
  const CHART = join(import.meta.dirname, '../../fixtures/charts/shop');

  test('is committed whole', async () => {
    expect(Object.keys(await chartFiles()).sort()).toEqual([
      'charts/shop/.helmignore',
      'charts/shop/Chart.yaml',
      'charts/shop/templates/_helpers.tpl',
      'charts/shop/templates/canary.yaml',
      'charts/shop/templates/deployment.yaml',
      'charts/shop/templates/release.yaml',
      'charts/shop/templates/route.yaml',
      'charts/shop/values.yaml',
    ]);
  });

  test('has defaults for every value that a release may leave out, and no other values', async () => {
    const defaults: unknown = parse(await readFile(join(CHART, 'values.yaml'), 'utf8'));
    const given: unknown = parse(Object.values(chartValues(ctx, SHOP))[0] ?? '');
    const known = Object.keys(Object(defaults));
    expect(known).toEqual(expect.arrayContaining(Object.keys(Object(given))));
    expect(Object.keys(Object(at(defaults, 'analysis')))).toEqual(Object.keys(Object(at(given, 'analysis'))));
  });

  test('deploys what the plain manifests deploy', async () => {
    const values: unknown = {
      ...Object(parse(await readFile(join(CHART, 'values.yaml'), 'utf8'))),
      ...Object(parse(Object.values(chartValues(ctx, SHOP))[0] ?? '')),
    };
    const text = await readFile(join(CHART, 'templates/deployment.yaml'), 'utf8');
    const [ours] = parseManifests('deployment.yaml', rendered(text, values));
    const [plain] = await shopManifests(ctx, SHOP, ['deployment']);
    expect(without_env(container(ours))).toEqual(without_env(container(plain)));
    const names = (manifest: Manifest | undefined): unknown[] =>
      listAt(container(manifest), 'env').map((one) => at(one, 'name'));
    // The chart offers no database.
    expect(names(ours)).toEqual(names(plain).filter((name) => name !== 'DATABASE_URL'));
    expect(around(ours)).toEqual(around(plain));
  });
});
