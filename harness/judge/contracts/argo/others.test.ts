import { describe, expect, test } from 'vitest';
import { act, object, rollout } from '../../testing/argo-records.ts';
import { judged, set, type Timed } from '../../testing/argo-course.ts';
import { a22 } from './a22.ts';
import { a30 } from './a30.ts';
import { a32 } from './a32.ts';

const deployment = (seconds: number, replicas: number): Timed =>
  object(seconds, 'Deployment/shop', { replicas, ready: replicas, present: replicas });

const pod = (seconds: number, name: string, ready: boolean): Timed =>
  object(seconds, `Pod/shop-${name}`, { ready, terminating: !ready });

const referring = (seconds: number, way: string, more: object = {}): Timed =>
  rollout(seconds, { scale_down: way, replicas: 2, ready: 0, ...more });

const healthy = (way: string): Timed => referring(4, way, { phase: 'Healthy', ready: 2 });

describe('A22', () => {
  const old = [deployment(-19, 2), pod(-19, 'a', true), pod(-19, 'b', true)];
  const own = [pod(2, 'c', true), pod(2, 'd', true)];
  const left = [pod(6, 'a', false), pod(6, 'b', false)];

  test('onsuccess waits for the Rollout to be healthy', () => {
    const way = 'onsuccess';
    expect(judged(a22, {}, old, referring(1, way), own, healthy(way), deployment(5, 0), left)).toBe('pass');
    expect(judged(a22, {}, old, referring(1, way), own, deployment(3, 0), healthy(way), left)).toBe('fail');
    expect(judged(a22, {}, old, referring(1, way), own, healthy(way))).toBe('fail');
  });
  test('progressively goes as far as pods of the Rollout are ready', () => {
    const way = 'progressively';
    const one = referring(3, way, { ready: 1 });
    expect(
      judged(
        a22,
        {},
        old,
        referring(1, way),
        own,
        one,
        deployment(3.1, 1),
        healthy(way),
        deployment(5, 0),
        left,
      ),
    ).toBe('pass');
    expect(judged(a22, {}, old, referring(1, way), own, one, deployment(3.1, 0), healthy(way), left)).toBe(
      'fail',
    );
  });
  test('never leaves it alone', () => {
    expect(judged(a22, {}, old, referring(1, 'never'), own, healthy('never'))).toBe('pass');
    expect(judged(a22, {}, old, referring(1, 'never'), own, healthy('never'), deployment(9, 0))).toBe('fail');
  });
  test('is broken by a moment with too few pods, and by a Deployment that does not come back', () => {
    const way = 'onsuccess';
    const moved = [referring(1, way), own, healthy(way), deployment(5, 0)].flat();
    expect(judged(a22, {}, old, moved, left, pod(8, 'c', false))).toBe('fail');
    const removed = act(20, 'remove rollout', 1);
    expect(judged(a22, {}, old, moved, left, removed)).toBe('fail');
    expect(judged(a22, {}, old, moved, left, removed, deployment(24, 2))).toBe('pass');
  });
  test('proves nothing without a Deployment', () => {
    expect(judged(a22, {}, own, referring(1, 'never'))).toBe('inconclusive');
  });
});

describe('A30', () => {
  const stable = rollout(12, { phase: 'Healthy', stable: 'new', step: 6 });
  const broken = set(-2, 'v1', 2, { available: 0 });

  test('holds when the next release comes through', () => {
    expect(judged(a30, { serves: 'v2' }, set(-19, 'v1', 2), broken, set(2, 'v2', 2), stable)).toBe('pass');
  });
  test('is broken when it does not, or the former one serves on', () => {
    expect(judged(a30, { serves: 'v2' }, broken, set(2, 'v2', 2))).toBe('fail');
    expect(judged(a30, { serves: 'v1' }, broken, set(2, 'v2', 2), stable)).toBe('fail');
  });
  test('proves nothing where the stable release serves', () => {
    expect(judged(a30, { serves: 'v2' }, set(-2, 'v1', 2), set(2, 'v2', 2), stable)).toBe('inconclusive');
  });
});

const lease = (seconds: number, holder: string): Timed =>
  object(seconds, 'Lease/argo-rollouts-controller-lock', { holder, duration_s: 15 });

describe('A32', () => {
  const course = { observers: ['controllers'], serves: 'v2' };
  const kill = act(10, 'kill leader', 0.2);
  const stable = rollout(45, { phase: 'Healthy', stable: 'new', step: 6 });

  test('holds when the other takes over in time and the rollout goes on', () => {
    expect(judged(a32, course, lease(-5, 'one'), kill, lease(26, 'two'), stable)).toBe('pass');
  });
  test('is broken by a late or missing successor, and by a rollout that stays', () => {
    expect(judged(a32, course, lease(-5, 'one'), kill, lease(40, 'two'), stable)).toBe('fail');
    expect(judged(a32, course, lease(-5, 'one'), kill, lease(12, 'one'))).toBe('fail');
    expect(judged(a32, course, lease(-5, 'one'), kill, lease(26, 'two'))).toBe('fail');
  });
  test('is broken by an analysis that is made twice', () => {
    const analyses = ['new-2', 'new-2.1'].map((name, index) =>
      object(8 + 20 * index, `AnalysisRun/shop-${name}`, { phase: 'Running' }, 'added'),
    );
    expect(judged(a32, course, lease(-5, 'one'), kill, lease(26, 'two'), analyses, stable)).toBe('fail');
  });
  test('proves nothing where nobody watched the controllers', () => {
    expect(judged(a32, {}, lease(-5, 'one'), kill, lease(26, 'two'), stable)).toBe('inconclusive');
  });
});
