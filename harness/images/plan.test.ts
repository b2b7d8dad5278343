import { describe, expect, test } from 'vitest';
import { loadBom } from './bom.ts';
import type { BillOfMaterials, ImageSpec } from './bom.ts';
import { makePlan } from './plan.ts';
import type { Plan } from './plan.ts';

const GO = 'go1.26.8 linux/amd64';
const bom = await loadBom();
const plan = await makePlan(bom, GO);

function changed(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): string[] {
  return Object.keys(left)
    .filter((name) => left[name] !== right[name])
    .sort();
}

async function planWith(change: (copy: BillOfMaterials) => void): Promise<Plan> {
  const copy = structuredClone(bom);
  change(copy);
  return await makePlan(copy, GO);
}

function folder(copy: BillOfMaterials, name: string): BillOfMaterials['folders'][string] {
  const found = copy.folders[name];
  if (!found) throw new Error(`no folder ${name}`);
  return found;
}

type AppImage = Extract<ImageSpec, { app: string }>;
type DebianImage = Extract<ImageSpec, { entrypoint: string[] }>;

function debianImage(copy: BillOfMaterials, name: string): DebianImage {
  const found = copy.images[name];
  if (found === undefined || !('entrypoint' in found)) throw new Error(`no image ${name} of Debian packages`);
  return found;
}

describe('makePlan', () => {
  test('gives the same keys again', async () => {
    expect(await makePlan(bom, GO)).toEqual(plan);
  });

  test('a stamp of one component changes what is made of it and nothing else', async () => {
    const other = await planWith((copy) => {
      folder(copy, 'traefik').stamps['main.version'] = 'x';
    });
    expect(changed(plan.folders, other.folders)).toEqual(['traefik']);
    expect(changed(plan.images, other.images)).toEqual(['traefik']);
    expect(changed(plan.rootfs, other.rootfs)).toEqual([]);
    expect(other.node_base).toBe(plan.node_base);
  });

  test.each(['etcd', 'kind', 'runc-fit'])('%s changes the node image that all stand on', async (name) => {
    const other = await planWith((copy) => {
      folder(copy, name).stamps['main.version'] = 'x';
    });
    expect(changed(plan.folders, other.folders)).toEqual([name]);
    expect(other.node_base).not.toBe(plan.node_base);
  });

  test("what no image holds leaves the node's base alone", async () => {
    const other = await planWith((copy) => {
      folder(copy, 'k6').stamps['main.version'] = 'x';
    });
    expect(changed(plan.folders, other.folders)).toEqual(['k6']);
    expect(changed(plan.images, other.images)).toEqual([]);
    expect(other.node_base).toBe(plan.node_base);
  });

  test('the file that a wheel is locked to changes the image of its program', async () => {
    const other = await planWith((copy) => {
      const wheel = copy.wheels['envoy'];
      if (wheel) wheel.sha256 = { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) };
    });
    expect(changed(plan.wheels, other.wheels)).toEqual(['envoy']);
    expect(changed(plan.images, other.images)).toEqual(['envoy']);
  });

  test('the way in, the surroundings and the files of a Debian image change it alone', async () => {
    for (const change of [
      (git: DebianImage) => void git.entrypoint.push('--version'),
      (git: DebianImage) => void (git.env['LANG'] = 'C.UTF-8'),
      (git: DebianImage) => void (git.files['etc/more'] = 'accounts/git.group'),
      (git: DebianImage) => void (git.stop_signal = 'SIGINT'),
    ]) {
      const other = await planWith((copy) => change(debianImage(copy, 'git')));
      expect(changed(plan.images, other.images)).toEqual(['git']);
    }
  });

  test('what an application is given beside its modules changes it alone', async () => {
    for (const change of [
      (guard: AppImage) => void (guard.env['LANG'] = 'C.UTF-8'),
      (guard: AppImage) => void (guard.files['etc/more'] = 'accounts/git.group'),
      (guard: AppImage) => void (guard.beside['more.sh'] = 'scripts/bootstrap.sh'),
    ]) {
      const other = await planWith((copy) => {
        const guard = copy.images['guard'];
        if (guard === undefined || !('app' in guard)) throw new Error('there is no application guard');
        change(guard);
      });
      expect(changed(plan.images, other.images)).toEqual(['guard']);
    }
  });

  test('an application with a thread is bundled into modules that it shares with it', () => {
    const names = Object.keys(plan.apps['guard'] ?? {});
    expect(names).toEqual(expect.arrayContaining(['main.mjs', 'generator-worker.mjs']));
    expect(Object.keys(plan.apps['shop'] ?? {})).toEqual(['main.mjs']);
  });

  test('what is left in a root file system changes it', async () => {
    const other = await planWith((copy) => {
      copy.rootfs['git']?.keep.push('locale');
    });
    expect(changed(plan.rootfs, other.rootfs)).toEqual(['git']);
    expect(changed(plan.images, other.images)).toEqual(['git']);
  });

  test('another Go changes every program', async () => {
    const other = await makePlan(bom, 'go1.27.0 linux/amd64');
    expect(changed(plan.folders, other.folders)).toEqual(Object.keys(bom.folders).sort());
    expect(changed(plan.rootfs, other.rootfs)).toEqual([]);
  });

  test('Debian packages change the images that stand on them', async () => {
    const other = await planWith((copy) => {
      copy.rootfs['proxy']?.packages.push('ipset');
    });
    expect(changed(plan.rootfs, other.rootfs)).toEqual(['proxy']);
    expect(changed(plan.images, other.images)).toEqual(['kube-proxy']);
  });

  test('where an image is published and how long it takes change nothing', async () => {
    const other = await planWith((copy) => {
      folder(copy, 'traefik').expected_s += 1;
      const traefik = copy.images['traefik'];
      if (traefik && 'upstream' in traefik) traefik.upstream = 'mirror/traefik:v3.6.1';
    });
    expect(other.images).toEqual(plan.images);
    expect(other.node_base).toBe(plan.node_base);
  });
});
