import { describe, expect, test } from 'vitest';
import type { ShipmentsData } from '#harness/core/migration.ts';
import { syntheticMigration } from '#harness/core/testing/synthetic-migration.ts';
import { after, object, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

const NAMESPACE = 'shop-demo';

interface Course {
  readonly shipped?: (all: ShipmentsData['shipped']) => ShipmentsData['shipped'];
  readonly waiting?: (all: ShipmentsData['shipped']) => ShipmentsData['waiting'];
  /** Orders of the batch that each kill met. */
  readonly kills?: readonly number[];
  readonly unlisted?: true;
  /** When the consumer goes, and when another is ready. */
  readonly away?: readonly [from_s: number, until_s: number | undefined];
}

const pod = (at_s: number, name: string, verb: 'added' | 'deleted', ready = true): Timed =>
  object(after(at_s), `Pod/${NAMESPACE}/${name}`, verb, { release: name, ready });

/** Away from 20 s to 32 s: 360 orders, which 200 a second work off in 2.1 s. */
function timeline(course: Course): Timeline {
  const { shipped = (all) => all, waiting = () => [], kills = [15, 0], away = [20, 32] } = course;
  const [gone_s, back_s] = away;
  const records = syntheticMigration({
    expectation: {
      migrations: [{ name: 'carrier', expected: 'applied', retires: ['shipper-1'] }],
      queue: { consumer: 'shipper', rate_per_s: 30, capacity_per_s: 200, begin_s: 1, kills: 2 },
    },
    states: { expand: 'none', early: 'none', contract: 'none' },
    pods: [
      pod(0, 'shipper-1', 'added'),
      pod(gone_s, 'shipper-1', 'deleted', false),
      pod(gone_s + 11, 'shipper-2', 'added', false),
      ...(back_s === undefined ? [] : [pod(back_s, 'shipper-2', 'added')]),
    ],
    more: [
      ...kills.map(
        (orders, index): Timed => ({
          at: after(12 + index),
          source: 'harness',
          kind: 'consumer_killed',
          subject: `Pod/${NAMESPACE}/shipper-1`,
          data: { orders },
        }),
      ),
      ...(['begun', 'applied'] as const).map(
        (state, index): Timed => ({
          at: after(21 + index),
          source: 'database',
          kind: 'migration',
          subject: `Migration/${NAMESPACE}/carrier`,
          data: { state, note: '' },
        }),
      ),
    ],
  });
  const placed = new Timeline(records).of('load', 'orders').flatMap(({ data }) => data.orders);
  const all = placed.map(({ id, content_hash, at }) => ({
    id,
    content_hash,
    placed_at: at,
    shipped_at: at >= after(20) && at < after(32) ? after(34) : at + 300,
  }));
  const last = records.at(-1);
  return new Timeline([
    ...records,
    ...(course.unlisted || !last
      ? []
      : [
          {
            seq: last.seq + 1,
            at: last.at + 100,
            source: 'database' as const,
            kind: 'shipments' as const,
            subject: 'Schema/x',
            data: { shipped: shipped(all), waiting: waiting(all) },
          },
        ]),
  ]);
}

const complaints = (course: Course): readonly string[] => complaintsOf(judgeRun(timeline(course)));

const verdictOf = (id: string, course: Course) =>
  judgeRun(timeline(course)).rules.find(({ rule }) => rule === id);

describe('work that is taken from a queue', () => {
  test('passes when each order was shipped once, and in time', () => {
    expect(complaints({})).toEqual([]);
    expect(verdictOf('queue-once', {})?.reason).toBe(
      '1800 orders were accepted, 1800 shipped once each, and 0 wait; the consumer was killed 2 times, 1 of them in the middle of a batch (15 orders)',
    );
    expect(verdictOf('queue-drained', {})).toMatchObject({
      limit: '<= 3.1 s',
      measured: '2.0 s',
      reason:
        '360 orders had come in during 12.0 s without a consumer, and were shipped 2.0 s after it was back; the longest wait of any order was 13.5 s',
    });
  });

  test('what waits is not lost', () => {
    const course: Course = { shipped: (all) => all.slice(0, -2), waiting: (all) => all.slice(-2) };
    expect(complaints(course)).toEqual([]);
  });

  test.each<[what: string, course: Course, complaint: string]>([
    ['one is lost', { shipped: (all) => all.slice(1) }, 'queue-once: fail'],
    ['one is doubled', { shipped: (all) => [...all, ...all.slice(0, 1)] }, 'queue-once: fail'],
    ['one was shipped and waits still', { waiting: (all) => all.slice(0, 1) }, 'queue-once: fail'],
    [
      'one holds something else',
      { shipped: (all) => all.map((one, index) => (index === 5 ? { ...one, content_hash: 'dd' } : one)) },
      'queue-once: fail',
    ],
    [
      'one was never placed',
      { shipped: (all) => [...all, ...all.slice(0, 1).map((one) => ({ ...one, id: 'run-x' }))] },
      'queue-once: fail',
    ],
    ['no kill met a batch', { kills: [0, 0] }, 'queue-once: inconclusive'],
    ['it was killed too seldom', { kills: [15] }, 'queue-once: inconclusive'],
    ['nobody listed what was shipped', { unlisted: true }, 'queue-once: inconclusive'],
    ['nobody listed what was shipped', { unlisted: true }, 'queue-drained: inconclusive'],
    [
      'what piled up is worked off too late',
      {
        shipped: (all) =>
          all.map((one) => (one.shipped_at === after(34) ? { ...one, shipped_at: after(36) } : one)),
      },
      'queue-drained: fail',
    ],
    [
      'some of what piled up waits still',
      {
        shipped: (all) => all.filter(({ placed_at }) => placed_at !== after(25) + 500),
        waiting: (all) => all.filter(({ placed_at }) => placed_at === after(25) + 500),
      },
      'queue-drained: fail',
    ],
    ['the consumer never comes back', { away: [20, undefined] }, 'queue-drained: fail'],
    ['it was there all the time', { away: [50, 55] }, 'queue-drained: inconclusive'],
    [
      'nothing came in meanwhile',
      {
        shipped: (all) =>
          all.map((one) => (one.shipped_at === after(34) ? { ...one, shipped_at: after(31) } : one)),
      },
      'queue-drained: inconclusive',
    ],
  ])('%s: %s', (_what, course, complaint) => {
    expect(complaints(course)).toContain(complaint);
  });
});
