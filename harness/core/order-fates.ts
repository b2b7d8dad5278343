import type { HeldOrdersData, PlacedOrderFact } from './recovery.ts';
import type { EpochMs, Timeline } from './timeline.ts';

/** An order that is held with another content than its customer was told. */
export interface ChangedOrder {
  readonly order: PlacedOrderFact;
  readonly held_hash: string;
}

/** What customers know of their orders, beside what the database holds in the end. All lists are in the order of time. */
export interface OrderFates {
  readonly accepted: readonly PlacedOrderFact[];
  readonly refused: readonly PlacedOrderFact[];
  readonly unknown: readonly PlacedOrderFact[];
  /** Absent where nobody looked what the database holds: then nothing is known to be lost or kept. */
  readonly held?: HeldFates;
}

export interface HeldFates {
  /** Orders of the run that the database holds. */
  readonly count: number;
  /** Accepted and held, as they were accepted or not. */
  readonly kept: readonly PlacedOrderFact[];
  readonly lost: readonly PlacedOrderFact[];
  readonly changed: readonly ChangedOrder[];
  /** Held, although the customer was told that the order failed. */
  readonly refused: readonly PlacedOrderFact[];
  /** Held, and nobody was told: either is right. */
  readonly unknown: readonly PlacedOrderFact[];
  /** Ids of orders that are held and that no customer remembers. */
  readonly strangers: readonly string[];
}

/**
 * Holds the orders that customers remember (`load/orders`) against those that the database holds in the end (the last
 * `database/held_orders`, unless others are given). Undefined where the load remembered none at all.
 */
export function orderFates(
  timeline: Timeline,
  orders: HeldOrdersData['orders'] | undefined = timeline.of('database', 'held_orders').at(-1)?.data.orders,
): OrderFates | undefined {
  const records = timeline.of('load', 'orders');
  if (records.length === 0) return undefined;
  const placed = records
    .flatMap(({ data }) => data.orders)
    .toSorted((left, right) => left.at - right.at || (left.id < right.id ? -1 : 1));
  const of = (outcome: PlacedOrderFact['outcome']): readonly PlacedOrderFact[] =>
    placed.filter((order) => order.outcome === outcome);
  const known = { accepted: of('accepted'), refused: of('refused'), unknown: of('unknown') };
  if (orders === undefined) return known;
  const hashes = new Map(orders.map(({ id, content_hash }) => [id, content_hash]));
  const isHeld = ({ id }: PlacedOrderFact): boolean => hashes.has(id);
  const remembered = new Set(placed.map(({ id }) => id));
  const kept = known.accepted.filter(isHeld);
  return {
    ...known,
    held: {
      count: orders.length,
      kept,
      lost: known.accepted.filter((order) => !isHeld(order)),
      changed: kept.flatMap((order) => {
        const held_hash = hashes.get(order.id) ?? '';
        return held_hash === order.content_hash ? [] : [{ order, held_hash }];
      }),
      refused: known.refused.filter(isHeld),
      unknown: known.unknown.filter(isHeld),
      strangers: [...hashes.keys()].filter((id) => !remembered.has(id)),
    },
  };
}

/** How much was lost, in time. */
export interface LossInTime {
  /** The last answer to an accepted order before the destruction. */
  readonly newest_accepted_at: EpochMs;
  /** The last of these that is held; absent where none is. */
  readonly newest_kept_at?: EpochMs;
  /** The first accepted order that is not held; absent where none is lost. */
  readonly oldest_lost_at?: EpochMs;
}

/** The recovery point as the customers know it; undefined where no order was accepted before, or nobody looked. */
export function lossInTime(fates: OrderFates, destroyed_at: EpochMs): LossInTime | undefined {
  const newest_accepted_at = fates.accepted.findLast(({ at }) => at <= destroyed_at)?.at;
  if (fates.held === undefined || newest_accepted_at === undefined) return undefined;
  const newest_kept_at = fates.held.kept.findLast(({ at }) => at <= destroyed_at)?.at;
  const oldest_lost_at = fates.held.lost[0]?.at;
  return {
    newest_accepted_at,
    ...(newest_kept_at === undefined ? {} : { newest_kept_at }),
    ...(oldest_lost_at === undefined ? {} : { oldest_lost_at }),
  };
}
