import { describe, expect, test } from 'vitest';
import { abortedAt, act, at, rollout } from '../../testing/argo-records.ts';
import { judged, set, type Timed } from '../../testing/argo-course.ts';
import { a24 } from './a24.ts';

const course = { observers: ['flux'] };
const commit = (seconds: number): Timed => ({
  at: at(seconds),
  source: 'git',
  kind: 'commit',
  subject: 'Repository/shop',
  data: { revision: 'abc', branch: 'main', message: 'Ship', author: 'a <a>', files: ['shop.yaml'] },
});
const given_up = [set(2, 'v2', 1), abortedAt(20), set(25, 'v2', 0)];
const sync = act(30, 'sync 1');

describe('A24', () => {
  test('holds when nothing is pushed and nothing starts again', () => {
    expect(judged(a24, course, commit(-1), given_up, sync)).toBe('pass');
  });
  test.each<[string, Timed]>([
    ['a commit', commit(22)],
    ['a new start', rollout(32, { phase: 'Progressing' })],
    ['new pods', set(33, 'v2', 1)],
  ])('is broken by %s after the rollback', (_case, record) => {
    expect(judged(a24, course, commit(-1), given_up, sync, record)).toBe('fail');
  });
  test('proves nothing without a rollback, or without a sync after it', () => {
    expect(judged(a24, course, commit(-1), given_up)).toBe('inconclusive');
    expect(judged(a24, course, commit(-1), set(2, 'v2', 1), sync)).toBe('inconclusive');
  });
});
