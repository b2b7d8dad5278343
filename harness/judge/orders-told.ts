import type { HeldOrdersData } from '#harness/core/recovery.ts';
import type { HeldFates } from '#harness/core/order-fates.ts';
import type { Facts } from './facts.ts';

/** Where the database says something else than customers were told, a line for each order. */
export interface Disagreements {
  readonly refused: readonly string[];
  readonly changed: readonly string[];
  readonly twice: readonly string[];
  readonly strangers: readonly string[];
}

/**
 * What the database holds against what customers were told; an order without an answer may be there or not.
 * @param orders that it holds, where they are not those that the shop lists
 */
export function disagreements(
  facts: Facts,
  held: HeldFates,
  orders: HeldOrdersData['orders'] = facts.timeline.of('database', 'held_orders').at(-1)?.data.orders ?? [],
): Disagreements {
  const counted = Map.groupBy(orders, ({ id }) => id);
  return {
    refused: held.refused.map(({ id }) => `${id} is there, although its customer was told that it failed`),
    changed: held.changed.map(
      ({ order, held_hash }) =>
        `${order.id} holds ${held_hash || 'nothing'}, but its customer was told ${order.content_hash || 'nothing'}`,
    ),
    twice: [...counted]
      .filter(([, all]) => all.length > 1)
      .map(([id, all]) => `${id} is there ${all.length} times`),
    strangers: held.strangers.map((id) => `${id} is there, and nobody placed it`),
  };
}
