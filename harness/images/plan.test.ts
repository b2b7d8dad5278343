import { describe, expect, test } from 'vitest';
import { loadBom } from './bom.ts';
import type { BillOfMaterials } from './bom.ts';
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
    expect(other.node).not.toBe(plan.node);
    expect(other.node_base).not.toBe(plan.node_base);
    expect(other.tools).not.toBe(plan.tools);
  });

  test("what no image holds leaves the node's base alone", async () => {
    const other = await planWith((copy) => {
      folder(copy, 'k6').stamps['main.version'] = 'x';
    });
    expect(changed(plan.folders, other.folders)).toEqual(['k6']);
    expect(other.node).toBe(plan.node);
    expect(other.tools).not.toBe(plan.tools);
  });

  test('an application changes the node image but not its base', async () => {
    const other = await planWith((copy) => {
      const shop = copy.images['shop'];
      if (shop && 'port' in shop) shop.port = 8081;
    });
    expect(changed(plan.images, other.images)).toEqual(['shop']);
    expect(other.node_base).toBe(plan.node_base);
    expect(other.node).not.toBe(plan.node);
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
    expect(other.node).toBe(plan.node);
  });
});
