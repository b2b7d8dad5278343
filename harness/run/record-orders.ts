import { isDeepStrictEqual } from 'node:util';
import { sequenceOf, visitOf } from '#fixtures/apps/shop/visits.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import { listOrders } from '#harness/stack/shop-orders.ts';
import type { Acting } from './on-cluster.ts';

/** Compares what the shop holds with what this run's customers ordered: an order's id says what it must hold. */
export async function recordOrders({ run, cluster, namespace }: Acting): Promise<void> {
  const orders = await listOrders({ port: cluster.ports.gateway, host: shopHost(namespace) });
  const own = orders.filter(({ id }) => sequenceOf(run.run_id, id) !== undefined);
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
