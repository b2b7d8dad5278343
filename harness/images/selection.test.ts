import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { loadBom } from './bom.ts';
import type { BillOfMaterials } from './bom.ts';
import { kubernetesImages, makePlan } from './plan.ts';
import { lockedVersions, select } from './selection.ts';

const GO = 'go1.26.8 linux/amd64';
const bom = await loadBom();
const plan = await makePlan(bom, GO);
const FLAGGER = { images: ['flagger', 'traefik', 'shop'], definitions: ['flagger', 'traefik'] };

async function planWith(change: (copy: BillOfMaterials) => void) {
  const copy = structuredClone(bom);
  change(copy);
  return await makePlan(copy, GO);
}

function stamped(name: string) {
  return planWith((copy) => {
    const folder = copy.folders[name];
    if (folder) folder.stamps['main.version'] = 'x';
  });
}

describe('a selection', () => {
  test('names what is wanted, those of Kubernetes, and nothing else', () => {
    const { images, definitions, early, late } = select(plan, FLAGGER);
    expect(Object.keys(images).sort()).toEqual([...kubernetesImages(bom), ...FLAGGER.images].sort());
    expect(definitions).toEqual({ flagger: 'flagger', traefik: 'traefik' });
    expect({ early, late }).toEqual({ early: ['flagger', 'traefik'], late: ['shop'] });
  });

  test('is the same in whatever order and how often things are named', () => {
    const names = Object.keys(bom.images);
    fc.assert(
      fc.property(fc.subarray(names), fc.integer(), (chosen, seed) => {
        const shuffled = chosen.toSorted(
          (left, right) => ((left.length * seed) % 7) - ((right.length * seed) % 7),
        );
        const once = select(plan, { images: chosen, definitions: [] });
        const again = select(plan, { images: [...shuffled, ...chosen], definitions: [] });
        expect(again.node).toBe(once.node);
        expect(again.stack).toBe(once.stack);
      }),
    );
  });

  test('two selections share a node image exactly when they need the same images', () => {
    const own = new Set(kubernetesImages(bom));
    const names = Object.keys(bom.images).filter((name) => !own.has(name));
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), (left, right) => {
        const same = left.length === right.length && left.every((name) => right.includes(name));
        const nodes = [left, right].map((images) => select(plan, { images, definitions: [] }).node);
        expect(nodes[0] === nodes[1]).toBe(same);
      }),
    );
  });

  test('does not depend on what is not selected', async () => {
    const other = await stamped('contour');
    expect(other.images['contour']).not.toBe(plan.images['contour']);
    expect(select(other, FLAGGER)).toEqual(select(plan, FLAGGER));
  });

  test('depends on what is selected', async () => {
    const other = select(await stamped('flagger'), FLAGGER);
    const before = select(plan, FLAGGER);
    expect(other.stack).not.toBe(before.stack);
    expect(other.node).not.toBe(before.node);
  });

  test('of an application that changed stands on the same node image without applications', async () => {
    const other = await planWith((copy) => {
      const shop = copy.images['shop'];
      if (shop && 'port' in shop) shop.port = 8081;
    });
    expect(select(other, FLAGGER).stack).toBe(select(plan, FLAGGER).stack);
    expect(select(other, FLAGGER).node).not.toBe(select(plan, FLAGGER).node);
  });

  test.each([
    [{ images: ['trafik'], definitions: [] }, 'no image "trafik"'],
    [{ images: ['constructor'], definitions: [] }, 'no image "constructor"'],
    [{ images: [], definitions: ['prometheus'] }, 'no folder of definitions "prometheus"'],
    [{ images: [], definitions: ['k6'] }, 'no folder of definitions "k6"'],
  ])('of %j is refused with the names there are', (wanted, message) => {
    expect(() => select(plan, wanted)).toThrow(UsageError);
    expect(() => select(plan, wanted)).toThrow(message);
  });
});

describe('versions', () => {
  test('another one stands for the image and its definitions under their plain names', () => {
    const { images, definitions, early } = select(plan, { ...FLAGGER, versions: { flagger: '1.43.0' } });
    expect(images['flagger']).toBe('flagger-1.43');
    expect(definitions).toEqual({ flagger: 'flagger-1.43', traefik: 'traefik' });
    expect(early).toEqual(['flagger-1.43', 'traefik']);
  });

  test('the first one may be named too, and changes nothing', () => {
    expect(select(plan, { ...FLAGGER, versions: { flagger: '1.44.0' } })).toEqual(select(plan, FLAGGER));
  });

  test('two of a component can be had side by side under names of their own', () => {
    const { early } = select(plan, { images: ['flagger', 'flagger-1.43'], definitions: [] });
    expect(early).toEqual(['flagger', 'flagger-1.43']);
  });

  test.each([
    [{ flagger: '1.0.0' }, 'flagger 1.0.0 is not locked', 'Locked versions of flagger: 1.44.0, 1.43.0.'],
    [{ traefik: '3.7.0' }, 'traefik 3.7.0 is not locked', 'Locked versions of traefik: 3.6.1.'],
    [{ prometheus: '0.307.3' }, 'nothing that was chosen needs prometheus', 'prometheus'],
    [{ flux: '2.7.0' }, 'No version of flux can be chosen', 'source-controller'],
    [{ constructor: '1.0.0' }, 'No version of constructor can be chosen', 'traefik'],
  ])('%j is refused', (versions, message, next) => {
    const choose = () => select(plan, { ...FLAGGER, versions });
    expect(choose).toThrow(message);
    expect(choose).toThrow(expect.objectContaining({ exit_code: 64, next: expect.stringContaining(next) }));
  });

  test('that are locked can be listed, the usual one first', async () => {
    expect(await lockedVersions('flagger')).toEqual(['1.44.0', '1.43.0']);
    expect(await lockedVersions('envoy')).toEqual(['1.40.0']);
    await expect(lockedVersions('trafik')).rejects.toThrow(UsageError);
  });
});
