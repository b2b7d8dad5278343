import type { OrderFates } from '#harness/core/order-fates.ts';
import type { PlacedOrderFact } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

/** What became of an order, as charts and tables tell it. `accepted` where nobody looked whether it is held. */
export type OrderFate = 'kept' | 'accepted' | 'unknown' | 'refused' | 'changed' | 'lost';

/** From the quiet ones to the harmful ones. */
export const ORDER_FATES: readonly OrderFate[] = [
  'kept',
  'accepted',
  'unknown',
  'refused',
  'changed',
  'lost',
];

/** Orders that were answered in a short span of time. */
export interface OrderBin {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly counts: Readonly<Record<OrderFate, number>>;
}

export interface OrderBins {
  /** Width of a bin, in whole seconds. */
  readonly bin_s: number;
  /** In order of time, without a gap. */
  readonly bins: readonly OrderBin[];
  /** Those that there are at all. */
  readonly fates: readonly OrderFate[];
}

/** Most bins that a chart shows. */
const BINS_MAX = 300;

/** Sums orders by the second in which they were answered. */
export function orderBins(orders: OrderFates): OrderBins {
  const told = fatesOf(orders);
  const first = Math.floor((told[0]?.order.at ?? 0) / 1000);
  const last = Math.floor((told.at(-1)?.order.at ?? 0) / 1000);
  const bin_s = Math.max(1, Math.ceil((last - first + 1) / BINS_MAX));
  const counts = Array.from(
    { length: told.length === 0 ? 0 : Math.floor((last - first) / bin_s) + 1 },
    () => ({
      kept: 0,
      accepted: 0,
      unknown: 0,
      refused: 0,
      changed: 0,
      lost: 0,
    }),
  );
  for (const { order, fate } of told) {
    const bin = counts[Math.floor((Math.floor(order.at / 1000) - first) / bin_s)];
    if (bin) bin[fate] += 1;
  }
  return {
    bin_s,
    bins: counts.map((one, index) => ({
      from: (first + index * bin_s) * 1000,
      to: (first + (index + 1) * bin_s) * 1000,
      counts: one,
    })),
    fates: ORDER_FATES.filter((fate) => counts.some((one) => one[fate] > 0)),
  };
}

/** Every order with its fate, in the order of time. */
function fatesOf({ accepted, refused, unknown, held }: OrderFates): readonly {
  readonly order: PlacedOrderFact;
  readonly fate: OrderFate;
}[] {
  const lost = new Set(held?.lost.map(({ id }) => id));
  const changed = new Set(held?.changed.map(({ order }) => order.id));
  const fate = ({ id }: PlacedOrderFact): OrderFate => {
    if (held === undefined) return 'accepted';
    return lost.has(id) ? 'lost' : changed.has(id) ? 'changed' : 'kept';
  };
  return [
    ...accepted.map((order) => ({ order, fate: fate(order) })),
    ...refused.map((order) => ({ order, fate: 'refused' as const })),
    ...unknown.map((order) => ({ order, fate: 'unknown' as const })),
  ].toSorted((left, right) => left.order.at - right.order.at);
}
