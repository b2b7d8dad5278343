import { describe, expect, test } from 'vitest';
import type { ClosedData, MethodAnswer } from '#harness/core/migration.ts';
import { REFUSALS, syntheticMigration } from '#harness/core/testing/synthetic-migration.ts';
import { after, object, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

const NAMESPACE = 'shop-demo';
const ANSWERS: readonly MethodAnswer[] = REFUSALS.map(({ method }) => ({
  method,
  status: 503,
  retry_after_s: 10,
  body: '"error":"closed: nobody is served at the moment"',
}));

interface Course {
  /** From and until when everybody is refused, in s. */
  readonly refused?: readonly [from_s: number, until_s: number];
  readonly answers?: readonly MethodAnswer[];
  readonly unopened?: true;
  /** A request that fails otherwise, at a second. */
  readonly odd?: { readonly at_s: number; readonly release: string; readonly status: number };
  readonly served_at_s?: number;
  readonly pods?: readonly Timed[];
  readonly begun_s?: number;
}

function closed(at_s: number, data: Omit<ClosedData, 'lease_until' | 'seen'>): Timed {
  return {
    at: after(at_s),
    source: 'harness',
    kind: 'closed',
    subject: 'Shop/x',
    data: { lease_until: after(200), seen: 'so it is', ...data },
  };
}

const pod = (at_s: number, name: string, verb: 'added' | 'deleted', release: string): Timed =>
  object(after(at_s), `Pod/${NAMESPACE}/${name}`, verb, { release, ready: true });

const APART = [
  pod(0, 'shop-a', 'added', 'v1'),
  pod(23, 'shop-a', 'deleted', 'v1'),
  pod(27, 'shop-b', 'added', 'v2'),
];

function timeline(course: Course): Timeline {
  const { refused = [20, 32], answers = ANSWERS, odd, served_at_s, pods = APART, begun_s = 24 } = course;
  const [from, until] = refused;
  return new Timeline(
    syntheticMigration({
      expectation: {
        migrations: [
          {
            name: 'rename',
            expected: 'applied',
            adds: ['orders.digest'],
            drops: ['orders.content_hash'],
            retires: ['v1'],
          },
        ],
        window: {
          old_release: 'v1',
          new_release: 'v2',
          close_s: 1,
          stop_s: 4,
          migrate_s: 2,
          start_s: 4,
          open_s: 2,
        },
      },
      states: { expand: 'none', early: 'none', contract: 'none' },
      pods,
      answers: (at) => {
        if (at === after(odd?.at_s ?? -1) && odd)
          return [
            { release: 'v1', count: 299 },
            { ...odd, count: 1, bad: true },
          ];
        if (at === after(served_at_s ?? -1)) return undefined;
        return at >= after(from) && at < after(until)
          ? [{ release: 'closed', count: 300, bad: true, status: 503 }]
          : undefined;
      },
      more: [
        closed(19, { state: 'asked' }),
        closed(21, { state: 'holds', answers }),
        {
          at: after(begun_s),
          source: 'database',
          kind: 'migration',
          subject: `Migration/${NAMESPACE}/rename`,
          data: { state: 'begun', note: '' },
        },
        {
          at: after(begun_s + 2),
          source: 'database',
          kind: 'migration',
          subject: `Migration/${NAMESPACE}/rename`,
          data: { state: 'applied', note: '' },
        },
        closed(30, { state: 'opening' }),
        ...(course.unopened ? [] : [closed(until, { state: 'opened' })]),
      ],
    }),
  );
}

const complaints = (course: Course): readonly string[] => complaintsOf(judgeRun(timeline(course)));

const verdictOf = (id: string, course: Course) =>
  judgeRun(timeline(course)).rules.find(({ rule }) => rule === id);

describe('a time without service', () => {
  test('passes when it is as short as declared and everybody is told', () => {
    expect(complaints({})).toEqual([]);
    expect(verdictOf('downtime', {})).toMatchObject({
      measured: '12.0 s',
      limit: '<= 13.0 s',
      reason:
        'nobody was served for 12.0 s and 3600 requests were refused: 1.0 s until all were refused, 3.0 s to stop, 2.0 s to migrate, 4.0 s to start, 2.0 s to open',
    });
  });

  test.each<[what: string, course: Course, complaint: string]>([
    ['it lasts too long', { refused: [20, 36] }, 'downtime: fail'],
    ['a request fails before', { odd: { at_s: 12, release: 'v1', status: 502 } }, 'downtime: fail'],
    ['a request fails after', { odd: { at_s: 40, release: 'v2', status: 502 } }, 'downtime: fail'],
    ['nobody opened it', { unopened: true }, 'downtime: inconclusive'],
    ['nobody was refused', { refused: [20, 20] }, 'downtime: inconclusive'],
    ['nobody was served again', { refused: [20, 60] }, 'downtime: inconclusive'],
    ['somebody is served meanwhile', { served_at_s: 25 }, 'closed-clearly: fail'],
    [
      'somebody meets another answer',
      { odd: { at_s: 25, release: 'none', status: 502 } },
      'closed-clearly: fail',
    ],
    [
      'nobody is told when to come back',
      { answers: ANSWERS.map(({ retry_after_s: _none, ...one }) => one) },
      'closed-clearly: fail',
    ],
    ['reads are let through', { answers: REFUSALS }, 'closed-clearly: fail'],
    ['nobody tried PUT', { answers: ANSWERS.slice(0, 2) }, 'closed-clearly: inconclusive'],
    ['an old pod lives when the migration begins', { begun_s: 22 }, 'migration-waited: fail'],
    [
      'an old pod lives beside a new one',
      { pods: [...APART.filter(({ data }) => data !== APART[1]?.data), pod(28, 'shop-a', 'deleted', 'v1')] },
      'releases-apart: fail',
    ],
    ['no new pod was seen', { pods: APART.slice(0, 2) }, 'releases-apart: inconclusive'],
  ])('%s: %s', (_what, course, complaint) => {
    expect(complaints(course)).toContain(complaint);
  });
});
