import { isDeepStrictEqual } from 'node:util';
import { orderHash } from '#fixtures/apps/shop/catalogue.ts';
import { sequenceOf, visitOf } from '#fixtures/apps/shop/visits.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { listOrders, type StoredOrder } from '#harness/stack/shop-orders.ts';
import type { Acting } from './on-cluster.ts';

/** Whose orders are read, and where. */
type Shop = Pick<Acting, 'run' | 'cluster' | 'namespace'>;

/** Orders of this run's load, as the shop holds them. */
async function ownOrders({ run, cluster, namespace }: Shop): Promise<readonly StoredOrder[]> {
  const orders = await listOrders({ port: cluster.ports.gateway, host: shopHost(namespace) });
  return orders.filter(({ id }) => sequenceOf(run.run_id, id) !== undefined);
}

/** What of an order is compared with what its customer was told. */
export type HeldOrder = Pick<StoredOrder, 'id' | 'lines' | 'total_cents' | 'content_hash'>;

/** Compares what the shop holds with what this run's customers ordered: an order's id says what it must hold. */
export async function recordOrders(acting: Shop): Promise<void> {
  const { run, namespace } = acting;
  const own = await ownOrders(acting);
  const wrong = own.filter(({ id, lines }) => {
    const visit = visitOf(sequenceOf(run.run_id, id) ?? 0);
    return visit.kind !== 'order' || !isDeepStrictEqual(visit.lines, lines);
  });
  run.timeline.record({
    source: 'database',
    kind: 'orders',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: { stored: own.length, distinct: new Set(own.map(({ id }) => id)).size, wrong: wrong.length },
  });
}

/**
 * What an order that is held comes to. The hash beside an order says what it was when it was taken; a row that was
 * changed since gives it away by its content, and then neither is given out as the order's hash.
 */
export function heldHash({ content_hash, lines, total_cents }: Omit<HeldOrder, 'id'>): string {
  const of_content = orderHash(lines, total_cents);
  return of_content === content_hash ? content_hash : `${content_hash}, but its content is ${of_content}`;
}

/**
 * Records every order of this run that the shop holds, for comparison with those that its customers remember. To be
 * called once the load has ended: an order under way may be missing.
 * @throws UnfitError when the shop does not answer
 */
export async function recordHeldOrders(acting: Shop): Promise<void> {
  recordHeld(acting.run, `Deployment/${acting.namespace}/${SHOP}`, await ownOrders(acting));
}

/** @param holder who says that it holds them */
export function recordHeld(
  { timeline }: Pick<Shop['run'], 'timeline'>,
  holder: string,
  orders: readonly HeldOrder[],
): void {
  timeline.record({
    source: 'database',
    kind: 'held_orders',
    subject: holder,
    data: { orders: orders.map((order) => ({ id: order.id, content_hash: heldHash(order) })) },
  });
}
