import { expect, test } from 'vitest';
import { heaviestFirst } from './builder.ts';

/** Work that ends when it is told to. */
function controlled() {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { work: () => promise, end: () => resolve(undefined) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('of what waits, the heaviest runs next, and never more than allowed', async () => {
  const queue = heaviestFirst(1);
  const begun: number[] = [];
  const first = controlled();
  const all = [
    queue(1, first.work),
    ...[60, 260, 5, 175].map((weight) => queue(weight, async () => void begun.push(weight))),
  ];
  await settled();
  expect(begun).toEqual([]);
  first.end();
  await Promise.all(all);
  expect(begun).toEqual([260, 175, 60, 5]);
});

test('two may run side by side', async () => {
  const queue = heaviestFirst(2);
  const [left, right] = [controlled(), controlled()];
  const begun: string[] = [];
  const all = [queue(1, left.work), queue(1, right.work), queue(1, async () => void begun.push('third'))];
  await settled();
  expect(begun).toEqual([]);
  right.end();
  await settled();
  expect(begun).toEqual(['third']);
  left.end();
  await Promise.all(all);
});

test('what fails gives its place to the next', async () => {
  const queue = heaviestFirst(1);
  const failing = queue(1, () => Promise.reject(new Error('does not compile')));
  const next = queue(1, async () => 'done');
  await expect(failing).rejects.toThrow('does not compile');
  await expect(next).resolves.toBe('done');
});
