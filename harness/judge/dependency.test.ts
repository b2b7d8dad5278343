import { describe, expect, test } from 'vitest';
import type { AskData, DependencyExpectation } from '#harness/core/dependency.ts';
import {
  after,
  load,
  numbered,
  object,
  observer,
  phase,
  START_AT,
  steady,
  type Timed,
} from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import type { Rule } from './rule.ts';
import { dependencyContained } from './rules/dependency.ts';
import { complaintsOf } from './testing/complaints.ts';

const NAMESPACE = 'here';
const SECONDS = 60;

const EXPECTATION: DependencyExpectation = {
  of: 'dependency',
  namespace: NAMESPACE,
  app: 'shop',
  releases: [
    { app: 'shop', release: 'v1', serves: [], needs: { service: 'prices', version: 1 } },
    { app: 'shop', release: 'v2', serves: [], needs: { service: 'prices', version: 2 } },
    { app: 'prices', release: 'prices-1', serves: [1] },
    { app: 'prices', release: 'prices-2', serves: [1, 2] },
  ],
  asks: [
    { name: 'early', release: 'v2', expected: 'refused' },
    { name: 'prices', release: 'prices-2', expected: 'shipped' },
    { name: 'late', release: 'v2', expected: 'shipped' },
    { name: 'back', release: 'prices-1', expected: 'refused' },
  ],
};

const EARLY = 'shop v2 needs version 2 of prices, and prices-1 (pod prices-a) serves version 1';
const BACK = 'shop v2 needs version 2 of prices (pod shop-b), and prices-1 serves version 1';

function pod(at_s: number, name: string, release: string, verb: 'added' | 'deleted' = 'added'): Timed {
  return object(after(at_s), `Pod/${NAMESPACE}/${name}`, verb, { release, ready: verb === 'added' });
}

function asked(
  at_s: number,
  name: string,
  release: string,
  state: AskData['state'],
  note = 'it fits',
): Timed {
  return {
    at: after(at_s),
    source: 'release',
    kind: 'asked',
    subject: `Ask/${NAMESPACE}/${name}`,
    data: { release, state, note },
  };
}

interface Course {
  readonly pods?: readonly Timed[];
  readonly asks?: readonly Timed[];
  readonly failing?: boolean;
  readonly watched?: boolean;
}

/** Y before X: `prices-1` until 25 s, `prices-2` from 20 s, `v2` from 30 s, the last of `v1` gone at 33 s. */
const PODS = [
  pod(0, 'prices-a', 'prices-1'),
  pod(0, 'shop-a', 'v1'),
  pod(20, 'prices-b', 'prices-2'),
  pod(25, 'prices-a', 'prices-1', 'deleted'),
  pod(30, 'shop-b', 'v2'),
  pod(33, 'shop-a', 'v1', 'deleted'),
];
const ASKS = [
  asked(15, 'early', 'v2', 'refused', EARLY),
  asked(18, 'prices', 'prices-2', 'shipped'),
  asked(28, 'late', 'v2', 'shipped'),
  asked(40, 'back', 'prices-1', 'refused', BACK),
];

function timeline({ pods = PODS, asks = ASKS, failing = false, watched = true }: Course): Timeline {
  const placed = Array.from({ length: SECONDS }, (_, second) => ({
    id: `run-${second}`,
    at: after(second) + 500,
    content_hash: 'cc',
    outcome: 'accepted' as const,
  }));
  return new Timeline(
    numbered([
      { at: after(0) - 1, source: 'harness', kind: 'expectation', subject: 'shop', data: EXPECTATION },
      ...(watched ? observer('kubernetes', after(0) - 1, after(SECONDS)) : []),
      object(after(0), `Deployment/${NAMESPACE}/shop`, 'listed', { replicas: 2, ready: 2 }),
      ...load(START_AT, SECONDS, (from) => {
        const release = from < after(31) ? 'v1' : 'v2';
        const bad = failing && from === after(45);
        return [
          { release, count: 299 },
          { release, count: 1, route: '/orders', status: bad ? 503 : 201, bad },
        ];
      }),
      steady(after(10), 'before'),
      ...phase('acts', after(12), after(45)),
      ...pods,
      ...asks,
      {
        at: after(29),
        source: 'release',
        kind: 'shipped',
        subject: `Deployment/${NAMESPACE}/shop`,
        data: { release: 'v2', document: {} },
      },
      steady(after(55), 'after'),
      { at: after(SECONDS), source: 'load', kind: 'orders', subject: 'run', data: { orders: placed } },
      {
        at: after(SECONDS) + 100,
        source: 'database',
        kind: 'held_orders',
        subject: 'shop',
        data: { orders: placed.map(({ id, content_hash }) => ({ id, content_hash })) },
      },
    ]),
  );
}

const complaints = (course: Course): readonly string[] => complaintsOf(judgeRun(timeline(course)));

const reasonOf = (id: string, course: Course): string =>
  judgeRun(timeline(course)).rules.find(({ rule }) => rule === id)?.reason ?? '';

describe('a service that needs another', () => {
  test('passes in the right order', () => {
    expect(complaints({})).toEqual([]);
  });

  test.each<[what: string, course: Course, complaint: string]>([
    [
      'it is at work before what it needs is there',
      { pods: PODS.map((one) => (one.subject.endsWith('shop-b') ? { ...one, at: after(19) } : one)) },
      'dependency-order: fail',
    ],
    [
      'a pod that lacks it is on its way out still',
      { pods: PODS.map((one) => (one.data === PODS[3]?.data ? { ...one, at: after(31) } : one)) },
      'dependency-order: fail',
    ],
    [
      'what it needs goes back below it',
      { pods: [...PODS, pod(42, 'prices-c', 'prices-1')] },
      'dependency-order: fail',
    ],
    [
      'it is at work without what it needs, which never came',
      { pods: [pod(0, 'prices-a', 'prices-1'), pod(0, 'shop-a', 'v1'), pod(19, 'shop-b', 'v2')] },
      'dependency-order: fail',
    ],
    ['nobody watched the pods', { watched: false }, 'dependency-order: inconclusive'],
    ['no pod of it was ever seen', { pods: PODS.slice(0, 4) }, 'dependency-order: inconclusive'],
    ['a request fails', { failing: true }, 'no-failed-request: fail'],
    ['nobody asked', { asks: ASKS.slice(1) }, 'dependency-asked: inconclusive'],
    [
      'the wrong order was let through',
      { asks: [asked(15, 'early', 'v2', 'shipped'), ...ASKS.slice(1)] },
      'dependency-asked: fail',
    ],
    [
      'the right order was refused',
      { asks: [...ASKS.slice(0, 2), asked(28, 'late', 'v2', 'refused', EARLY), ...ASKS.slice(3)] },
      'dependency-asked: fail',
    ],
    [
      'a refusal does not say which version is needed',
      { asks: [asked(15, 'early', 'v2', 'refused', 'prices-1 is too old for shop v2'), ...ASKS.slice(1)] },
      'dependency-asked: fail',
    ],
    [
      'a refusal came while everything fitted',
      { asks: [asked(27, 'early', 'v2', 'refused', EARLY), ...ASKS.slice(1)] },
      'dependency-asked: fail',
    ],
    [
      'it was shipped while a pod that lacks it was there',
      { asks: [...ASKS.slice(0, 2), asked(23, 'late', 'v2', 'shipped'), ...ASKS.slice(3)] },
      'dependency-asked: fail',
    ],
  ])('%s: %s', (_what, course, complaint) => {
    expect(complaints(course)).toContain(complaint);
  });

  test('the reason names both, the version that is needed and the one that is there', () => {
    const pods = [...PODS, pod(42, 'prices-c', 'prices-1')];
    expect(reasonOf('dependency-order', { pods, failing: true })).toBe(
      'shop v2 needs version 2 of prices: Pod/here/shop-b was at work for 18.0 s beside Pod/here/prices-c of prices-1, which serves version 1; 1 requests of v2 failed from then on',
    );
  });
});

describe('a release that nobody asked about', () => {
  const SPEC: Timed = {
    at: after(0) - 1,
    source: 'harness',
    kind: 'spec',
    subject: 'shop',
    data: {
      controller: 'flagger',
      namespace: NAMESPACE,
      app: 'shop',
      stable_release: 'v1',
      next_release: 'v2',
      expected: 'rollback',
      interval_s: 10,
      threshold: 2,
      step_weight_pct: 20,
      max_weight_pct: 60,
      scrape_interval_s: 5,
      check: { name: 'error-rate', max_pct: 1 },
      load: { profile: 'steady-300', rate_per_s: 300 },
      bad_answers_pct: 10,
      alert: { name: 'x', threshold_pct: 5, window_s: 30, for_s: 5, evaluation_interval_s: 5 },
    },
  };

  const judged = (rule: Rule, pods: readonly Timed[], others = 0) =>
    rule.judge(
      new Timeline(
        numbered([
          SPEC,
          {
            at: after(0) - 2,
            source: 'harness',
            kind: 'expectation',
            subject: 'shop',
            data: { ...EXPECTATION, asks: [] },
          },
          ...observer('kubernetes', after(0) - 1, after(SECONDS)),
          ...pods,
          ...load(START_AT, SECONDS, (from) => [
            { release: 'v1', count: 290 - others },
            { release: 'v1', count: others, bad: true, status: 503 },
            { release: 'v2', count: 10, bad: from >= after(30) && from < after(40), status: 503 },
          ]),
        ]),
      ),
    );

  const PAIR = [pod(0, 'prices-a', 'prices-1'), pod(20, 'shop-b', 'v2')];
  const GONE = pod(45, 'shop-b', 'v2', 'deleted');

  test('is withdrawn, and the harm is counted', () => {
    expect(judged(dependencyContained, [...PAIR, GONE])).toMatchObject({
      outcome: 'pass',
      reason:
        'shop v2 needs version 2 of prices, which served version 1: 100 of 18000 requests failed until v1 served all again',
    });
  });

  test.each<[what: string, pods: readonly Timed[], others: number, outcome: string]>([
    ['a pod of it is left', PAIR, 0, 'fail'],
    ['others paid', [...PAIR, GONE], 1, 'fail'],
    ['nothing was missing', [...PAIR, GONE, pod(1, 'prices-b', 'prices-2')], 0, 'inconclusive'],
    ['nobody saw the service', [pod(20, 'shop-b', 'v2'), GONE], 0, 'inconclusive'],
  ])('%s', (_what, pods, others, outcome) => {
    expect(judged(dependencyContained, pods, others).outcome).toBe(outcome);
  });
});
