import { describe, expect, test } from 'vitest';
import { act, object, rollout } from '../../testing/argo-records.ts';
import { answered, judged, set, type Timed, weight } from '../../testing/argo-course.ts';
import { a12 } from './a12.ts';
import { a13 } from './a13.ts';
import { a14 } from './a14.ts';
import { a21 } from './a21.ts';
import { a34 } from './a34.ts';

const aborted = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { phase: 'Degraded', aborted: true, ...more });

/** A canary that has 20 % from second 4, with its pods, and is given up at second 20. */
const canary: readonly Timed[] = [
  set(-19, 'v1', 2),
  set(2, 'v2', 1),
  weight(4, 20),
  rollout(4, { phase: 'Paused', weight_pct: 20, abort_delay_s: 6 }),
];
const abort = act(20, 'abort at 20', 0.1);

describe('A12', () => {
  test('holds when the traffic is back within two reconciliations', () => {
    expect(judged(a12, {}, canary, abort, weight(20.4, 0), aborted(20.5))).toBe('pass');
  });
  test.each<[string, readonly Timed[]]>([
    ['an abort that is ignored', []],
    ['traffic that stays', [aborted(20.5)]],
    ['traffic that leaves late', [aborted(20.5), weight(25, 0)]],
    ['an answer after the traffic had left', [weight(20.4, 0), aborted(20.5), answered(30, 'v2')]],
  ])('is broken by %s', (_case, records) => {
    expect(judged(a12, {}, canary, abort, records)).toBe('fail');
  });
  test('with nothing rolled out nothing that serves may change', () => {
    const idle = act(-5, 'abort idle', 0.1);
    expect(judged(a12, {}, set(-19, 'v1', 2), idle)).toBe('pass');
    expect(judged(a12, {}, set(-19, 'v1', 2), idle, set(-4, 'v1', 0))).toBe('fail');
  });
  test('proves nothing without an abort', () => {
    expect(judged(a12, {}, canary)).toBe('inconclusive');
  });
});

describe('A13', () => {
  const left = [weight(20.4, 0), aborted(20.5, { abort_delay_s: 6 })];

  test('holds when the pods go after the delay that is set', () => {
    expect(judged(a13, {}, canary, abort, left, set(26.2, 'v2', 0))).toBe('pass');
  });
  test.each<[string, Timed]>([
    ['early', set(23, 'v2', 0)],
    ['late', set(36, 'v2', 0)],
    ['before the traffic has left', set(20.2, 'v2', 0)],
  ])('is broken when they go %s', (_case, gone) => {
    expect(judged(a13, {}, canary, abort, left, gone)).toBe('fail');
  });
  test('is broken when they stay, and waits long enough to say so', () => {
    expect(judged(a13, {}, canary, abort, left)).toBe('fail');
    expect(judged(a13, { end_s: 24 }, canary, abort, left)).toBe('inconclusive');
  });
  test('takes 30 s where no delay is set, and never where it is 0', () => {
    const unset = rollout(5, { phase: 'Paused', weight_pct: 20 });
    const never = rollout(5, { phase: 'Paused', weight_pct: 20, abort_delay_s: 0 });
    expect(judged(a13, {}, canary, unset, abort, left, set(50.5, 'v2', 0))).toBe('pass');
    expect(judged(a13, {}, canary, unset, abort, left, set(26, 'v2', 0))).toBe('fail');
    expect(judged(a13, {}, canary, never, abort, left)).toBe('pass');
    expect(judged(a13, {}, canary, never, abort, left, set(20.6, 'v2', 0))).toBe('fail');
    expect(judged(a13, { end_s: 24 }, canary, never, abort, left)).toBe('inconclusive');
  });
});

const four = (seconds: number, more: object = {}): Timed => rollout(seconds, { replicas: 4, ...more });

describe('A14', () => {
  const large: readonly Timed[] = [
    set(-19, 'v1', 4),
    four(1),
    set(3, 'v2', 3),
    weight(4, 75),
    four(4, { phase: 'Paused', weight_pct: 75 }),
    set(6, 'v1', 1),
  ];

  test('holds when the traffic follows the pods', () => {
    const back = [set(24, 'v1', 4), weight(24.5, 0), four(24.6, { aborted: true })];
    expect(judged(a14, {}, large, abort, back)).toBe('pass');
  });
  test('is broken when the traffic comes before the pods, or never', () => {
    const early = [
      weight(21, 25),
      four(21, { aborted: true, weight_pct: 25 }),
      set(28, 'v1', 4),
      weight(28, 0),
    ];
    expect(judged(a14, {}, large, abort, early)).toBe('fail');
    expect(judged(a14, { end_s: 80 }, large, abort, four(21, { aborted: true, weight_pct: 75 }))).toBe(
      'fail',
    );
    expect(judged(a14, { end_s: 30 }, large, abort)).toBe('inconclusive');
  });
  test('proves nothing before the first weight', () => {
    expect(judged(a14, {}, set(-19, 'v1', 4), abort)).toBe('inconclusive');
  });
});

const selects = (seconds: number, hash: string): Timed =>
  object(seconds, 'Service/shop-canary', { selects: hash });

describe('A34', () => {
  test('holds when the Service is pointed at the stable pods once', () => {
    expect(judged(a34, {}, canary, selects(2, 'new'), abort, aborted(20.5), selects(20.6, 'old'))).toBe(
      'pass',
    );
  });
  test('is broken when it is pointed to and fro, or not at them in the end', () => {
    const flips = [20.6, 20.8, 21, 21.2].map((second, index) => selects(second, index % 2 ? 'new' : 'old'));
    expect(judged(a34, {}, canary, selects(2, 'new'), abort, aborted(20.5), flips)).toBe('fail');
    expect(judged(a34, {}, canary, selects(2, 'new'), abort, aborted(20.5))).toBe('fail');
  });
  test('proves nothing without an abort that took', () => {
    expect(judged(a34, {}, canary, abort)).toBe('inconclusive');
  });
});

const pod = (name: string, role: string): Timed =>
  object(3, `Pod/shop-${name}`, { hash: name, role, ready: true, terminating: false });

describe('A21', () => {
  test('holds under its own id when labels are true, and is broken by one that is not', () => {
    expect(a21.id).toBe('A21');
    expect(judged(a21, {}, rollout(1), pod('old', 'stable'), pod('new', 'canary'))).toBe('pass');
    expect(judged(a21, {}, rollout(1), pod('old', 'stable'), pod('new', 'stable'))).toBe('fail');
    expect(judged(a21, {}, rollout(1), pod('old', 'stable'))).toBe('inconclusive');
  });
});
