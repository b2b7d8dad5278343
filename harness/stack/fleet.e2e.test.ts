import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCluster, type OwnCluster } from '#harness/cluster/create.ts';
import { type KubeObject, nameOf, numberAt } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import { beginRepository, type GitCheckout } from '#harness/git/checkout.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { CONFIG_MAP, DEPLOYMENT } from '#harness/kube/recording.ts';
import { beginOffsite, type Offsite } from '#harness/offsite/offsite.ts';
import type { StackContext } from './component.ts';
import { fleetFiles, fleetParts } from './fleet.ts';
import { bootstrapFleet } from './fleet-bootstrap.ts';
import { FLEET_INTERVAL_S } from './fleet-parts.ts';
import { sealedSecrets } from './fleet-secrets.ts';
import { untilFleetReady } from './fleet-watch.ts';
import { definitionsFor, imagesFor, resolveComponents } from './profiles.ts';
import { untilReady } from './readiness.ts';
import { SHOP, untilInitialised } from './shop.ts';

const progress = (): void => undefined;
const { signal } = new AbortController();
/** The Git server is outside. */
const COMPONENTS = resolveComponents(['flagger', 'postgres', 'flux']).filter(({ name }) => name !== 'git');
const FLEET = {
  components: COMPONENTS,
  shop: { namespace: 'fleet-shop', release: 'v1', document: { release: 'v1' }, database: true },
} as const;
const DEADLINE_S = 120;

let artifacts: Artifacts;
let offsite: Offsite;
let checkout: GitCheckout;
let cluster: OwnCluster;
let kube: KubeClient;
let ctx: StackContext;
const steps: Draft[] = [];

beforeAll(async () => {
  artifacts = await prepareArtifacts({
    mode: 'auto',
    images: [...imagesFor(COMPONENTS), 'shop'],
    definitions: definitionsFor(COMPONENTS),
    progress,
  });
  offsite = await beginOffsite({ images: { mode: 'auto' }, progress, signal });
  cluster = await createCluster({ artifacts, keep: false, progress, signal });
  kube = kubeClient(cluster);
  ctx = { kube, artifacts, components: COMPONENTS.map(({ name }) => name), progress, signal };
  const definitions = artifacts.manifests;
  const remote = offsite.remote('fleet');
  checkout = await beginRepository(remote);
  const files = await fleetFiles(ctx, { ...FLEET, definitions });
  const { commit } = await checkout.push({ message: 'The whole cluster', files });
  await offsite.seal(await sealedSecrets(ctx, { ...FLEET, credentials: remote }));
  await offsite.connect(cluster);
  await bootstrapFleet(ctx, {
    url: offsite.repositoryUrl('fleet'),
    secrets: await offsite.unseal(),
    definitions,
  });
  const recorder = { record: (draft: Draft) => steps.push(draft) };
  await Promise.all([
    untilFleetReady(ctx, {
      parts: fleetParts(FLEET),
      revision: commit.revision,
      deadline_s: DEADLINE_S,
      recorder,
    }),
    untilInitialised(ctx, { namespace: FLEET.shop.namespace, deadline_s: DEADLINE_S }),
  ]);
});

afterAll(async () => {
  await kube?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await checkout?.[Symbol.asyncDispose]();
  await offsite?.[Symbol.asyncDispose]();
});

/** The rebuilds of `recovery`, nightly too, stand on the same. */
const NIGHTLY = { tags: ['nightly'] };

test('every part of a bare cluster comes from Git, and each is told when it is ready', NIGHTLY, () => {
  const done = steps.filter((one) => 'state' in one.data && one.data.state === 'done');
  expect(done.map((one) => one.subject).toSorted()).toEqual(
    [
      ...definitionsFor(COMPONENTS).map((folder) => `definitions/${folder}`),
      ...COMPONENTS.map(({ name }) => `component/${name}`),
      `component/${SHOP}`,
    ].toSorted(),
  );
});

/** How often each object's specification was changed, by its name. */
async function generations(): Promise<Readonly<Record<string, number>>> {
  const kinds = (await kube.kinds()).filter(({ kind }) =>
    /^(?:Deployment|Canary|IngressRoute|StatefulSet)$/.test(kind),
  );
  const objects = await Promise.all(kinds.map((kind) => kube.list(kind)));
  const named = objects.flat().map((one: KubeObject) => [nameOf(one), one.metadata.generation ?? 0] as const);
  return Object.fromEntries(named);
}

test('Flux and Flagger do not fight over the shop', NIGHTLY, async () => {
  const before = await generations();
  expect(Object.keys(before)).toContain(`Deployment/${FLEET.shop.namespace}/shop-primary`);
  // Two looks for drift of the shop.
  await sleep(2.5 * FLEET_INTERVAL_S.shop * 1000);
  expect(await generations()).toEqual(before);
  const shop = await kube.get({ ...DEPLOYMENT, namespace: FLEET.shop.namespace, name: SHOP });
  expect(numberAt(shop, 'spec', 'replicas')).toBe(0);
});

test('a part that is lost comes back by itself', NIGHTLY, async () => {
  const gateway = { ...DEPLOYMENT, namespace: 'gateway', name: 'traefik' };
  const document = { ...CONFIG_MAP, namespace: FLEET.shop.namespace, name: 'shop-release-v1' };
  for (const one of [gateway, document]) await kube.remove(one, { deadline_s: 30 });
  await untilReady(ctx, gateway, FLEET_INTERVAL_S.component + 30);
  expect(await kube.get(document)).toBeDefined();
});
