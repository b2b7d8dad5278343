import { describe, expect, test } from 'vitest';
import {
  type Answers,
  load,
  numbered,
  object,
  observer,
  phase,
  START_AT,
  steady,
  type Timed,
} from '#harness/core/testing/synthetic-parts.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

const POD = 'Pod/postgres/postgres-0';
const KILL_AT = START_AT + 10_000;
const SECONDS = 60;
const ORDERS = 30;

interface Options {
  /** Whole seconds in which orders are refused. */
  readonly away_s?: number;
  readonly status?: number;
  /** Items that fail in the first of these seconds. */
  readonly items_failed?: number;
  readonly lost?: number;
  readonly observed?: boolean;
}

function recorded(options: Options = {}): TimelineRecord[] {
  const { away_s = 5, status = 503, items_failed = 0, lost = 0, observed = true } = options;
  const answers = (from: number): Answers[] => {
    const away = from >= KILL_AT && from < KILL_AT + away_s * 1000;
    const failed = from === KILL_AT ? items_failed : 0;
    return [
      { release: 'v1', count: 300 - ORDERS - failed },
      { release: 'v1', count: failed, bad: true, status: 503 },
      { release: 'v1', count: ORDERS, route: '/orders', status: away ? status : 201, bad: away },
    ];
  };
  const until = START_AT + SECONDS * 1000;
  const distinct = (SECONDS - away_s) * ORDERS - lost;
  const declared: Timed = {
    at: START_AT,
    source: 'harness',
    kind: 'expectation',
    subject: 'Deployment/here/shop',
    data: { of: 'database-loss', namespace: 'here', app: 'shop', database: POD, back_within_s: 30 },
  };
  const killed: Timed = {
    at: KILL_AT,
    source: 'fault',
    kind: 'injected',
    subject: POD,
    data: { fault: 'pod-killed', detail: 'deleted without grace' },
  };
  const stored: Timed = {
    at: until,
    source: 'database',
    kind: 'orders',
    subject: 'Deployment/here/shop',
    data: { stored: distinct, distinct, wrong: 0 },
  };
  return numbered([
    declared,
    ...(observed ? observer('stack/postgres', START_AT, until) : []),
    ...load(START_AT, SECONDS, answers),
    steady(KILL_AT - 10, 'before'),
    ...phase('kill', KILL_AT - 5, KILL_AT + 6_000),
    killed,
    object(KILL_AT + 100, POD, 'deleted', { ready: false }),
    steady(until, 'after'),
    stored,
  ]);
}

function complaints(options: Options): string[] {
  return complaintsOf(judgeRun(new Timeline(recorded(options))));
}

describe('the loss of the database', () => {
  test('passes when orders alone are refused, come back, and none is lost', () => {
    expect(complaints({})).toEqual([]);
  });

  test.each<[what: string, options: Options, complaint: string]>([
    ['one accepted order is lost', { lost: 1 }, 'orders-kept: fail'],
    ['items fail as well', { items_failed: 3 }, 'only-orders-suffer: fail'],
    ['orders hang instead of being refused', { status: 0 }, 'only-orders-suffer: fail'],
    ['orders are refused for too long', { away_s: 31 }, 'database-back: fail'],
    ['nobody noticed', { away_s: 0 }, 'only-orders-suffer: inconclusive'],
    ['nobody watched the database', { observed: false }, 'database-back: inconclusive'],
  ])('%s: %s', (_what, options, complaint) => {
    expect(complaints(options)).toContain(complaint);
  });
});
