import { expect, test } from 'vitest';
import { orderHash, orderTotalCents } from '#fixtures/apps/shop/catalogue.ts';
import type { StoredOrder } from '#harness/stack/shop-orders.ts';
import { heldHash } from './record-orders.ts';

const LINES = [
  { item_id: 7, quantity: 2 },
  { item_id: 8, quantity: 1 },
];
const TOTAL = orderTotalCents(LINES);
const HASH = orderHash(LINES, TOTAL);
const HELD: StoredOrder = {
  position: 1,
  id: 'run-4',
  lines: LINES,
  total_cents: TOTAL,
  content_hash: HASH,
  release: 'v1',
  pod: 'shop-1',
  accepted_at: 0,
};

test('an order that is held as it was taken has the hash that its customer was told', () => {
  expect(heldHash(HELD)).toBe(HASH);
});

test.each<[what: string, change: Partial<StoredOrder>]>([
  ['another quantity', { lines: [{ item_id: 7, quantity: 3 }, ...LINES.slice(1)] }],
  ['another total', { total_cents: TOTAL + 1 }],
  ['another hash', { content_hash: '00000000' }],
])('a row with %s is not the order any more', (_what, change) => {
  expect(heldHash({ ...HELD, ...change })).not.toBe(HASH);
});
