import { describe, expect, test } from 'vitest';
import { abortedAt, act, object, promoted, rollout, said, timelineOf } from '../../testing/argo-records.ts';
import type { Rule } from '../../rule.ts';
import { a3 } from './a3.ts';
import { a9 } from './a9.ts';
import { a10 } from './a10.ts';
import { a15 } from './a15.ts';
import { a23 } from './a23.ts';
import { a25 } from './a25.ts';
import { ACTS } from './acts.ts';

type Timed = ReturnType<typeof object>;

const outcome = (rule: Rule, ...records: readonly (Timed | readonly Timed[])[]): string =>
  rule.judge(timelineOf(...records)).outcome;

const analysis = (
  seconds: number,
  name: string,
  phase: string,
  type = 'Background',
  more: object = {},
): Timed => object(seconds, `AnalysisRun/shop-new-2${name}`, { type, phase, ...more });

const paused = (seconds: number, more: object = {}): Timed =>
  rollout(seconds, { phase: 'Paused', pauses: 'InconclusiveAnalysisRun', weight_pct: 10, step: 1, ...more });

describe('A3', () => {
  const open = [analysis(2, '', 'Running'), analysis(6, '', 'Inconclusive')];
  const anew = analysis(15.5, '.1', 'Running');
  const promote = act(15, ACTS.promote);

  test('holds when it stays paused until promoted, and then goes on', () => {
    expect(outcome(a3, open, paused(6.2), promote, anew, promoted(30))).toBe('pass');
  });
  test('is broken by going on or being aborted by itself, and by being stuck after the promotion', () => {
    const on = rollout(9, { weight_pct: 50, step: 2 });
    expect(outcome(a3, open, paused(6.2), on, promote, anew, promoted(30))).toBe('fail');
    expect(outcome(a3, open, paused(6.2), abortedAt(9), promote, anew, promoted(30))).toBe('fail');
    expect(outcome(a3, open, paused(6.2), promote, anew)).toBe('fail');
    expect(outcome(a3, open, paused(6.2), promote, promoted(30))).toBe('fail');
    expect(outcome(a3, open, promote, anew, promoted(30))).toBe('fail');
  });
  test('is not settled without a conclusion that is missing, or when it was hardly held', () => {
    expect(outcome(a3, analysis(6, '', 'Failed'), paused(6.2), promote)).toBe('inconclusive');
    expect(outcome(a3, open, paused(14), promote, anew, promoted(30))).toBe('inconclusive');
  });
});

describe('A9', () => {
  const began = rollout(3, { step: 1, weight_pct: 10 });
  const background = [analysis(3.2, '', 'Running'), analysis(30, '', 'Successful')];
  const inline = [
    analysis(10, '-2', 'Running', 'Step', { step: 2 }),
    analysis(16, '-2', 'Successful', 'Step', { step: 2 }),
  ];
  const on = rollout(16.2, { step: 3, weight_pct: 10 });

  test('holds with one of each, in their places', () => {
    expect(outcome(a9, began, background, inline, on, promoted(30))).toBe('pass');
  });
  test('is broken by a second one, by a step that does not wait, and by an early end', () => {
    const second = analysis(12, '-2.1', 'Running', 'Step', { step: 2 });
    expect(outcome(a9, began, background, inline, second, on, promoted(30))).toBe('fail');
    expect(outcome(a9, began, background, inline, rollout(12, { step: 3 }), promoted(30))).toBe('fail');
    const ended = analysis(8, '', 'Successful');
    expect(outcome(a9, began, background, ended, inline, on, promoted(30))).toBe('fail');
    expect(outcome(a9, began, analysis(0.5, '', 'Running'), background, inline, on, promoted(30))).toBe(
      'fail',
    );
  });
  test('is not settled without a promotion', () => {
    expect(outcome(a9, began, background, inline, on)).toBe('inconclusive');
  });
});

const invalid = (seconds: number, what: string, phase = 'Degraded'): Timed =>
  rollout(seconds, { phase, message: `InvalidSpec: ${what}` });

describe('A10', () => {
  const template = invalid(0.5, 'AnalysisTemplate "inline" not found');
  const argument = invalid(4, 'args.missing was not resolved');
  const acts = [act(3, ACTS.template_made), act(6, ACTS.template_mended)].flat();

  test('holds when both are told at once and the release goes on', () => {
    expect(outcome(a10, template, acts, argument, promoted(40))).toBe('pass');
  });
  test('is broken when one is not told, is told late, or the release starts or stays', () => {
    expect(outcome(a10, acts, argument, promoted(40))).toBe('fail');
    expect(outcome(a10, template, acts, promoted(40))).toBe('fail');
    expect(outcome(a10, invalid(0.5, 'inline not found', 'Progressing'), acts, argument, promoted(40))).toBe(
      'fail',
    );
    expect(outcome(a10, template, rollout(2, { weight_pct: 10 }), acts, argument, promoted(40))).toBe('fail');
    expect(outcome(a10, template, acts, argument)).toBe('fail');
  });
  test('is not settled when nothing was mended', () => {
    expect(outcome(a10, template, argument)).toBe('inconclusive');
  });
});

const pods = (available: number): Timed => object(21, 'ReplicaSet/shop-new', { release: 'v2', available });

describe('A15', () => {
  const first = analysis(3, '', 'Failed');
  const retry = act(20, ACTS.retry);

  test('holds when every sort of analysis is run anew before the promotion', () => {
    expect(outcome(a15, first, abortedAt(10), retry, analysis(22, '.1', 'Running'), promoted(40))).toBe(
      'pass',
    );
  });
  test('is broken by an abort without a new analysis, and by a promotion without one', () => {
    expect(outcome(a15, first, abortedAt(10), retry, abortedAt(21.5))).toBe('fail');
    expect(outcome(a15, first, abortedAt(10), retry, promoted(40))).toBe('fail');
    expect(outcome(a15, first, abortedAt(10), retry, analysis(22, '.1', 'Running'))).toBe('fail');
  });
  test('is broken by a new analysis of a preview whose pods are not there', () => {
    const before = analysis(3, '-pre', 'Failed', 'PrePromotion');
    const anew = analysis(22, '-pre.1', 'Running', 'PrePromotion');
    const end = rollout(40, { phase: 'Healthy', stable: 'new', replicas: 2 });
    expect(outcome(a15, before, abortedAt(10), retry, pods(2), anew, end)).toBe('pass');
    expect(outcome(a15, before, abortedAt(10), retry, pods(0), anew, end)).toBe('fail');
    expect(outcome(a15, before, abortedAt(10), retry, anew, end)).toBe('inconclusive');
  });
  test('is not settled without a retry, or without an analysis before', () => {
    expect(outcome(a15, first, abortedAt(10))).toBe('inconclusive');
    expect(outcome(a15, retry, promoted(40))).toBe('inconclusive');
  });
});

describe('A23', () => {
  const told = 'Rollout here/shop: release v2';
  const began = said(0.5, `${told} began`);
  const aborted = said(20.1, `${told} aborted: failed (3) > failureLimit (2)`);
  const course = [rollout(1), abortedAt(20)];

  test('holds when each event is told once', () => {
    expect(outcome(a23, course, began, aborted)).toBe('pass');
  });
  test('is broken by a message too many, one too few, and one of what did not happen', () => {
    expect(outcome(a23, course, began, aborted, said(20.4, `${told} aborted: again`))).toBe('fail');
    expect(outcome(a23, course, began)).toBe('fail');
    expect(outcome(a23, course, began, aborted, said(21, `${told} completed`))).toBe('fail');
  });
  test('counts steps, pauses and analyses by the states', () => {
    const steps = [rollout(3, { step: 1, pauses: 'CanaryPauseStep' }), rollout(8, { step: 2 })];
    const failed = analysis(19, '', 'Failed');
    const messages = [
      began,
      said(3.1, `${told} completed a step`),
      said(3.2, `${told} paused`),
      said(8.1, `${told} completed a step`),
      said(19.1, `${told} failed an analysis`),
      aborted,
    ];
    expect(outcome(a23, rollout(1), steps, failed, abortedAt(20), messages)).toBe('pass');
    expect(outcome(a23, rollout(1), steps, abortedAt(20), messages)).toBe('fail');
  });
});

describe('A25', () => {
  const changed = act(-10, ACTS.change_map, 6);
  const lost = act(30, ACTS.pod_loss, 6);
  const old = object(-20, 'Pod/shop-old-a', { release: 'v1', hash: 'old', ready: true }, 'listed');
  const back = [
    object(31, 'Pod/shop-old-b', { release: 'v1', hash: 'old', ready: false }, 'added'),
    object(34, 'Pod/shop-old-b', { release: 'v1', hash: 'old', ready: true }),
  ];

  test('holds when the map alone begins nothing, and the former map is there after the rollback', () => {
    expect(outcome(a25, old, changed, rollout(1), abortedAt(20), lost, back)).toBe('pass');
  });
  test('is broken by a pod that the map alone began, and by one that does not come back', () => {
    const begun = object(-7, 'Pod/shop-new-a', { release: 'v1', hash: 'new' }, 'added');
    expect(outcome(a25, old, changed, begun, rollout(1), abortedAt(20), lost, back)).toBe('fail');
    expect(outcome(a25, old, changed, rollout(-6), rollout(1), abortedAt(20), lost, back)).toBe('fail');
    expect(outcome(a25, old, changed, rollout(1), abortedAt(20), lost, back.slice(0, 1))).toBe('fail');
  });
  test('is not settled when the map was not changed, or hardly watched', () => {
    expect(outcome(a25, old, rollout(1), abortedAt(20), lost, back)).toBe('inconclusive');
    expect(outcome(a25, old, act(-10, ACTS.change_map, 1), rollout(1), abortedAt(20), lost, back)).toBe(
      'inconclusive',
    );
  });
});
