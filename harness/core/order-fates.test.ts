import { describe, expect, it } from 'vitest';
import { lossInTime, orderFates } from './order-fates.ts';
import type { PlacedOrderFact } from './recovery.ts';
import { Timeline, type TimelineRecord } from './timeline.ts';

function order(id: string, at: number, outcome: PlacedOrderFact['outcome'] = 'accepted'): PlacedOrderFact {
  return { id, at, outcome, content_hash: outcome === 'accepted' ? `hash of ${id}` : '' };
}

function placed(seq: number, ...orders: readonly PlacedOrderFact[]): TimelineRecord {
  return { seq, at: seq * 1000, source: 'load', kind: 'orders', subject: 'run', data: { orders } };
}

function held(seq: number, hashes: Readonly<Record<string, string>>): TimelineRecord {
  const orders = Object.entries(hashes).map(([id, content_hash]) => ({ id, content_hash }));
  return { seq, at: seq * 1000, source: 'database', kind: 'held_orders', subject: 'shop', data: { orders } };
}

const ids = (orders: readonly PlacedOrderFact[] | undefined): readonly string[] | undefined =>
  orders?.map(({ id }) => id);

describe('orderFates', () => {
  it('finds what was lost, changed, refused but kept, and what nobody remembers', () => {
    const fates = orderFates(
      new Timeline([
        placed(1, order('b', 20), order('a', 10), order('r', 15, 'refused')),
        placed(2, order('c', 30), order('s', 35, 'refused'), order('u', 40, 'unknown')),
        held(3, {}),
        held(4, { a: 'hash of a', c: 'another', s: 'x', u: 'x', z: 'x' }),
      ]),
    );
    expect(ids(fates?.accepted)).toEqual(['a', 'b', 'c']);
    expect(ids(fates?.held?.kept)).toEqual(['a', 'c']);
    expect(ids(fates?.held?.lost)).toEqual(['b']);
    expect(fates?.held?.changed).toMatchObject([{ order: { id: 'c' }, held_hash: 'another' }]);
    expect(ids(fates?.held?.refused)).toEqual(['s']);
    expect(ids(fates?.held?.unknown)).toEqual(['u']);
    expect(fates?.held?.strangers).toEqual(['z']);
    expect(fates?.held?.count).toBe(5);
  });

  it('claims neither loss nor safety where nobody looked', () => {
    const fates = orderFates(new Timeline([placed(1, order('a', 10))]));
    expect(fates).toMatchObject({ accepted: [{ id: 'a' }] });
    expect(fates).not.toHaveProperty('held');
    expect(orderFates(new Timeline([held(1, { a: 'x' })]))).toBeUndefined();
  });
});

describe('lossInTime', () => {
  const orders = placed(1, order('a', 10), order('b', 20), order('c', 30), order('later', 90));

  it.each<[what: string, kept: readonly string[], expected: object]>([
    ['nothing lost', ['a', 'b', 'c', 'later'], { newest_accepted_at: 30, newest_kept_at: 30 }],
    ['the tail lost', ['a', 'later'], { newest_accepted_at: 30, newest_kept_at: 10, oldest_lost_at: 20 }],
    ['a hole', ['a', 'c', 'later'], { newest_accepted_at: 30, newest_kept_at: 30, oldest_lost_at: 20 }],
    ['all lost', ['later'], { newest_accepted_at: 30, oldest_lost_at: 10 }],
  ])('tells %s', (_what, kept, expected) => {
    const fates = orderFates(
      new Timeline([orders, held(2, Object.fromEntries(kept.map((id) => [id, `hash of ${id}`])))]),
    );
    expect(fates && lossInTime(fates, 50)).toEqual(expected);
  });

  it('tells nothing where nothing was accepted before, or nobody looked', () => {
    const looked = orderFates(new Timeline([orders, held(2, {})]));
    expect(looked && lossInTime(looked, 5)).toBeUndefined();
    const unseen = orderFates(new Timeline([orders]));
    expect(unseen && lossInTime(unseen, 50)).toBeUndefined();
  });
});
