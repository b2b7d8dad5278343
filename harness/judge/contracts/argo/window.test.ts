import { describe, expect, test } from 'vitest';
import { act, at, object, rollout } from '../../testing/argo-records.ts';
import { judged, set, type Timed, weight } from '../../testing/argo-course.ts';
import { a11 } from './a11.ts';
import { a16 } from './a16.ts';
import { a27 } from './a27.ts';
import { a28 } from './a28.ts';
import { a33 } from './a33.ts';

/** A release that is shipped after the judged one. */
const shipped = (seconds: number, release: string): Timed => ({
  at: at(seconds),
  source: 'release',
  kind: 'shipped',
  subject: 'Rollout/shop',
  data: { release, document: {} },
});

const analysis = (seconds: number, name: string): Timed =>
  object(seconds, `AnalysisRun/shop-${name}`, { type: 'Background', phase: 'Running' }, 'added');

const inWindow = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { window: 1, replicas: 2, stable: 'new', canary: 'old', ...more });

describe('A16', () => {
  const spec = { steps: [{ weight_pct: 50, pause_s: 2 }] };
  const before = [set(-19, 'v1', 2), set(2, 'v2', 2), inWindow(10, { canary: 'new', phase: 'Healthy' })];
  const stable = (seconds: number): Timed => inWindow(seconds, { stable: 'old', phase: 'Healthy' });
  const inside = [...act(20, 'apply inside', 0.2), shipped(20.1, 'v1')];
  const outside = [...act(20, 'apply outside', 0.2), shipped(20.1, 'v1')];
  const pause = inWindow(24, { phase: 'Paused', weight_pct: 50 });

  test('inside the window nothing is gone through', () => {
    expect(judged(a16, { spec }, before, inside, inWindow(21), stable(23))).toBe('pass');
    expect(judged(a16, { spec }, before, inside, pause, stable(26))).toBe('fail');
    expect(judged(a16, { spec }, before, inside, analysis(22, 'old-3'), stable(23))).toBe('fail');
    expect(judged(a16, { spec }, before, inside, inWindow(21))).toBe('fail');
  });
  test('outside of it everything is', () => {
    const measured = analysis(24, 'old-5');
    expect(judged(a16, { spec }, before, outside, pause, measured, stable(28))).toBe('pass');
    expect(judged(a16, { spec }, before, outside, measured, stable(28))).toBe('fail');
    expect(judged(a16, { spec }, before, outside, pause, stable(28))).toBe('fail');
  });
  test('is broken by a weight that the pods are too few for', () => {
    const thin = [set(20.5, 'v1', 2, { available: 1 }), inWindow(21), weight(21, 70)];
    expect(judged(a16, { spec }, before, inside, thin, set(21.5, 'v1', 2), stable(24))).toBe('pass');
    expect(judged(a16, { spec }, before, inside, thin, set(29, 'v1', 2), stable(30))).toBe('fail');
  });
  test('proves nothing without a window', () => {
    expect(judged(a16, { spec }, set(-19, 'v1', 2), inside)).toBe('inconclusive');
  });
});

const stuck = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { progress_deadline_s: 10, deadline_aborts: true, ...more });

const abortedLate = (seconds: number): Timed => stuck(seconds, { phase: 'Degraded', aborted: true });

describe('A11', () => {
  const pods = set(1, 'v2', 1, { available: 0 });

  test('aborts when the deadline has passed, neither before nor long after', () => {
    expect(judged(a11, {}, pods, stuck(1), abortedLate(11))).toBe('pass');
    expect(judged(a11, {}, pods, stuck(1), abortedLate(5))).toBe('fail');
    expect(judged(a11, {}, pods, stuck(1), abortedLate(20))).toBe('fail');
    expect(judged(a11, {}, pods, stuck(1))).toBe('fail');
  });
  test('only marks until an abort is asked for', () => {
    const only = { deadline_aborts: false };
    const marked = stuck(11, { ...only, phase: 'Degraded' });
    const allowed = act(15, 'allow abort', 0.1);
    expect(judged(a11, {}, pods, stuck(1, only), marked, allowed, abortedLate(15.5))).toBe('pass');
    expect(judged(a11, {}, pods, stuck(1, only), marked, abortedLate(13), allowed)).toBe('fail');
    expect(judged(a11, {}, pods, stuck(1, only), marked, allowed, abortedLate(25))).toBe('fail');
  });
  test('leaves the next good release alone', () => {
    const good = [shipped(20, 'v3'), set(21, 'v3', 1), stuck(21, { canary: 'v3' })];
    const stable = stuck(30, { canary: 'v3', stable: 'v3', phase: 'Healthy' });
    const hurt = stuck(25, { canary: 'v3', phase: 'Degraded', aborted: true });
    expect(judged(a11, {}, pods, stuck(1), abortedLate(11), good, stable)).toBe('pass');
    expect(judged(a11, {}, pods, stuck(1), abortedLate(11), good, hurt)).toBe('fail');
  });
  test('proves nothing where nothing is stuck', () => {
    expect(judged(a11, {}, set(1, 'v2', 1), stuck(2, { stable: 'new' }))).toBe('inconclusive');
  });
});

const withDeadline = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { progress_deadline_s: 10, ...more });

describe('A33', () => {
  const pause = withDeadline(5, { phase: 'Paused', step: 1, weight_pct: 20 });

  test('a pause beyond the deadline is no lack of progress', () => {
    expect(judged(a33, {}, pause, withDeadline(20))).toBe('pass');
    expect(judged(a33, {}, pause, withDeadline(16, { phase: 'Degraded' }))).toBe('fail');
    expect(judged(a33, {}, pause, withDeadline(12))).toBe('inconclusive');
  });
  test('a full promotion goes through nothing that was left', () => {
    const full = act(8, 'promote full', 0.2);
    const stable = withDeadline(12, { stable: 'new', phase: 'Healthy', weight_pct: 20 });
    expect(judged(a33, {}, pause, full, stable)).toBe('pass');
    expect(judged(a33, {}, pause, full, withDeadline(9, { step: 2, weight_pct: 50 }), stable)).toBe('fail');
    expect(judged(a33, {}, pause, full, analysis(9, 'new-2.1'), stable)).toBe('fail');
    expect(judged(a33, {}, pause, full)).toBe('fail');
  });
});

const sized = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { replicas: 2, ready: 3, ...more });

describe('A27', () => {
  const half = [set(-19, 'v1', 2), set(2, 'v2', 1), weight(4, 50), sized(4)];
  const up = act(20, 'scale up', 0.2);

  test('keeps the pods that the load needs while it grows', () => {
    const growing = [sized(20.1, { replicas: 4 }), set(20.2, 'v1', 4, { available: 2 }), set(23, 'v1', 4)];
    expect(judged(a27, {}, half, up, growing)).toBe('pass');
  });
  test('is broken by pods that go missing, and by those of a release that was given up', () => {
    const grown = sized(20.1, { replicas: 4 });
    expect(judged(a27, {}, half, up, grown, set(21, 'v1', 4, { available: 0 }), set(30, 'v1', 4))).toBe(
      'fail',
    );
    const given_up = [sized(10, { aborted: true }), weight(10, 0), set(12, 'v2', 0)];
    expect(judged(a27, {}, half, given_up, up, sized(20.1, { aborted: true, replicas: 4 }))).toBe('pass');
    expect(
      judged(a27, {}, half, given_up, up, sized(20.1, { aborted: true, replicas: 4 }), set(21, 'v2', 2)),
    ).toBe('fail');
  });
  test('proves nothing where the size stayed', () => {
    expect(judged(a27, {}, half, up)).toBe('inconclusive');
  });
});

const marks = (count: number): Timed[] =>
  Array.from({ length: count }, (_, index) => rollout(2 + index, { touched: String(index) }));

const stableAt = (seconds: number): Timed =>
  rollout(seconds, { phase: 'Healthy', stable: 'new', step: 6, touched: 'last' });

describe('A28', () => {
  test('foreign writes do not strand a rollout', () => {
    expect(judged(a28, {}, marks(30), stableAt(50))).toBe('pass');
    expect(judged(a28, { end_s: 200 }, marks(30), stableAt(190))).toBe('fail');
    expect(judged(a28, { end_s: 200 }, marks(30))).toBe('fail');
  });
  test('proves nothing with few of them', () => {
    expect(judged(a28, {}, marks(5), stableAt(50))).toBe('inconclusive');
  });
});
