import { property, assert, string, array } from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

test.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['same', 'same', 0],
])('%s to %s takes %i edits', (left, right, edits) => {
  expect(editDistance(left, right)).toBe(edits);
});

test('the distance is symmetric, zero only for equals, and bounded by the longer word', () => {
  assert(
    property(string(), string(), (left, right) => {
      const distance = editDistance(left, right);
      expect(editDistance(right, left)).toBe(distance);
      expect(distance === 0).toBe(left === right);
      expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
    }),
  );
});

test('a mistyped last part finds its name, nonsense finds nothing', () => {
  const names = ['rollback/flagger-error-rate', 'recovery/rebuild'];
  expect(nearest('flager-error-rate', names)).toEqual(['rollback/flagger-error-rate']);
  expect(nearest('zzzzzzzzzz', names)).toEqual([]);
});

test('it never suggests what is not a candidate', () => {
  assert(
    property(string(), array(string()), (word, names) => {
      for (const name of nearest(word, names)) expect(names).toContain(name);
    }),
  );
});
