import { expect, test } from 'vitest';
import { batchAtDeath } from './queue-tolerant.ts';

const line = (message: string, orders: number): string =>
  `2026-11-21T18:00:00Z {"at":"2026-11-21T18:00:00.000Z","message":"${message}","orders":${orders}}\n`;

test.each([
  ['in the middle of a batch', [line('batch taken', 8), line('batch done', 8), line('batch taken', 15)], 15],
  ['between two batches', [line('batch taken', 8), line('batch done', 8)], 0],
  ['before the first', ['2026-11-21T18:00:00Z {"message":"listening","port":8080}\n'], 0],
])('a container that died %s says so by its log', (_when, lines, orders) => {
  expect(batchAtDeath(lines.join(''))).toBe(orders);
});
