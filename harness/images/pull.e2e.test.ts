import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { packLayer, writeArchive } from './archive.ts';
import { currentPlan, prepareArtifacts } from './artifacts.ts';
import { present } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { docker, holds, removeImages } from './docker.ts';
import { hostPartRef } from './host-part.ts';
import { IMAGE_PREFIX, imageRef } from './plan.ts';
import type { Plan } from './plan.ts';
import { publishedRef, pullComponents, pullPart } from './pull.ts';
import { startLocalRegistry } from './testing/local-registry.ts';
import type { LocalRegistry } from './testing/local-registry.ts';

const quiet = { progress: () => undefined };
// A tag of its own for each run: what other runs made on this machine is neither used nor touched.
const run_key = randomBytes(8).toString('hex');
let registry: LocalRegistry;
let plan: Plan;
let work = '';

beforeAll(async () => {
  registry = await startLocalRegistry();
  const real = await currentPlan('pull');
  const images = Object.fromEntries(Object.keys(real.images).map((name) => [name, `0.0.0-${run_key}`]));
  const folders = Object.fromEntries(Object.keys(real.folders).map((name) => [name, `${name}-${run_key}`]));
  plan = { ...real, images, folders };
  work = await mkdtemp(join(tmpdir(), 'mettle-pull-'));
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', join(work, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await removeImages([
    imageRef(plan, 'flagger'),
    imageRef(plan, 'shop'),
    imageRef(plan, 'istiod'),
    hostPartRef(plan, 'kind'),
    hostPartRef(plan, 'flagger'),
  ]);
});

/** Publishes an image that holds nothing but empty folders, under a name and with a label. */
async function publish(
  published: string,
  label: string,
  folders: readonly string[] = ['bin'],
): Promise<void> {
  const stage = await mkdtemp(join(work, 'stage-'));
  for (const folder of folders) await mkdir(join(stage, folder), { recursive: true });
  await packLayer(stage, `${stage}.layer`);
  const config = { entrypoint: ['/bin/none'], labels: label === '' ? {} : { [CONTENT_LABEL]: label } };
  await writeArchive(`${stage}.tar`, published, [`${stage}.layer`], config);
  await docker(['load', '--quiet', '--input', `${stage}.tar`]);
  await docker(['push', '--quiet', published]);
  await removeImages([published]);
}

test("Mettle's own image is pulled under the name that the node knows", async () => {
  const ref = imageRef(plan, 'flagger');
  await publish(publishedRef(registry.address, ref), ref);
  await pullComponents(plan, registry.address, ['flagger'], quiet);
  expect(await holds(ref)).toBe(true);
});

test.each([
  ['another label', `${IMAGE_PREFIX}/flagger:other`],
  ['no label', ''],
])('an image with %s is refused, and not kept', async (_what, label) => {
  const ref = imageRef(plan, 'shop');
  await publish(publishedRef(registry.address, ref), label);
  const refused = pullComponents(plan, registry.address, ['shop'], quiet);
  await expect(refused).rejects.toThrow(`${ref} was expected`);
  expect(await docker(['image', 'ls', '--quiet', publishedRef(registry.address, ref)])).toBe('');
});

test("the maker's image is taken where Mettle's own is absent", async () => {
  const prefix = `${registry.address}/makers`;
  await publish(`${prefix}/fluxcd/flagger:1.44.0`, '');
  await pullComponents(plan, prefix, ['flagger'], quiet);
  expect(await docker(['image', 'ls', '--quiet', imageRef(plan, 'flagger')])).not.toBe('');
});

test('what nobody builds here is taken from its maker', async () => {
  const prefix = `${registry.address}/makers`;
  await publish(`${prefix}/istio/pilot:1.28.0`, '');
  expect(await pullComponents(plan, prefix, ['istiod'], quiet)).toBe(true);
  expect(await docker(['image', 'ls', '--quiet', imageRef(plan, 'istiod')])).not.toBe('');
});

test('what the registry lacks is named, in both forms', async () => {
  const prefix = `${registry.address}/empty`;
  const refused = pullComponents(plan, prefix, ['flagger', 'shop'], quiet);
  await expect(refused).rejects.toThrow(
    `${publishedRef(prefix, imageRef(plan, 'flagger'))} or ${prefix}/fluxcd/flagger:1.44.0; ` +
      publishedRef(prefix, imageRef(plan, 'shop')),
  );
});

test("a component's definitions are pulled alone, into a place of their own", async () => {
  const ref = hostPartRef(plan, 'flagger');
  await publish(publishedRef(registry.address, ref), ref, ['part/files/crd.yaml']);
  const place = await pullPart(plan, 'flagger', registry.address, quiet);
  expect(await readdir(join(place, 'files'))).toEqual(['crd.yaml']);
  expect(await readdir(join(work, 'cache/mettle/tools'))).toEqual([plan.folders['flagger']]);
  expect(await holds(ref)).toBe(false);
});

test.each([
  ['kind', 'part/bin', 'kind'],
  ['traefik', 'part/files', 'holds no definitions'],
])('%s without what it is for is not taken', async (folder, content, message) => {
  const ref = hostPartRef(plan, folder);
  await publish(publishedRef(registry.address, ref), ref, [content]);
  await expect(pullPart(plan, folder, registry.address, quiet)).rejects.toThrow(message);
  expect(await present('tools', plan.folders[folder] ?? '')).toBeUndefined();
});

test('a registry that does not answer is named with the fix', async () => {
  const refused = prepareArtifacts({
    mode: 'pull',
    registry: '127.0.0.1:9',
    images: ['flagger'],
    definitions: ['flagger'],
    ...quiet,
  });
  await expect(refused).rejects.toMatchObject({ exit_code: 3, next: expect.stringContaining('registry') });
  await expect(refused).rejects.toThrow('127.0.0.1:9');
});
