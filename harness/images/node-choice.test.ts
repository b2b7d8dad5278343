import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeImage } from './node-choice.ts';
import { contentLabels, isNode, largestWithin, smallestAround } from './node-choice.ts';

const BASE = 'localhost/mettle/node-base:1';

function node(ref: string, images: readonly string[], more: Partial<NodeImage> = {}): NodeImage {
  return { ref, base: BASE, images: new Set(images), upstream: false, ...more };
}

const names = fc.subarray(['a', 'b', 'c', 'd', 'e']);
const nodes = fc.array(
  fc.record({
    ref: fc.string(),
    base: fc.constantFrom(BASE, 'other'),
    images: names.map((images) => new Set(images)),
    upstream: fc.boolean(),
  }),
);

describe('of the node images present', () => {
  test('the one to build on is the largest that holds nothing foreign', () => {
    const present = [
      node('empty', []),
      node('ab', ['a', 'b']),
      node('abx', ['a', 'b', 'x']),
      node('a', ['a']),
    ];
    expect(largestWithin(present, BASE, new Set(['a', 'b', 'c']))?.ref).toBe('ab');
    expect(largestWithin(present, BASE, new Set(['c']))?.ref).toBe('empty');
  });

  test('one on another base, or with parts of others, is not built on', () => {
    const present = [node('old', ['a'], { base: 'other' }), node('theirs', ['a'], { upstream: true })];
    expect(largestWithin(present, BASE, new Set(['a']))).toBeUndefined();
  });

  test('the one to use is the smallest that holds everything', () => {
    const present = [node('abc', ['a', 'b', 'c']), node('ab', ['a', 'b']), node('a', ['a'])];
    expect(smallestAround(present, BASE, new Set(['a', 'b']))?.ref).toBe('ab');
    expect(smallestAround(present, BASE, new Set(['d']))).toBeUndefined();
    expect(smallestAround([node('old', ['a'], { base: 'other' })], BASE, new Set(['a']))).toBeUndefined();
  });

  test('whatever is chosen fits, and nothing that fits is better', () => {
    fc.assert(
      fc.property(nodes, names, (present, wanted) => {
        const set = new Set<string>(wanted);
        const below = largestWithin(present, BASE, set);
        const fitting = present.filter(
          (one) => one.base === BASE && !one.upstream && one.images.isSubsetOf(set),
        );
        expect(below?.images.size ?? -1).toBe(Math.max(-1, ...fitting.map((one) => one.images.size)));
        const around = smallestAround(present, BASE, set);
        const holding = present.filter((one) => one.base === BASE && set.isSubsetOf(one.images));
        expect(around?.images.size ?? Infinity).toBe(Math.min(...holding.map((one) => one.images.size)));
      }),
    );
  });
});

test('labels say the same for the same content in whatever order', () => {
  const labels = contentLabels({ base: BASE, images: ['b', 'a'] });
  expect(labels).toEqual(contentLabels({ base: BASE, images: ['a', 'b'] }));
  expect(Object.values(labels)).toEqual([BASE, 'a b']);
});

test.each([
  ['localhost/mettle/node:1.34.3-ab', true],
  ['localhost/mettle/node-stack:1.34.3-ab', true],
  ['localhost/mettle/node-base:1.34.3-ab', false],
  ['localhost/mettle/shop:0.1.0-ab', false],
])('%s is a node image of a selection: %s', (ref, is) => {
  expect(isNode(ref)).toBe(is);
});
