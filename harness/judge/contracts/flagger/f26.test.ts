import { describe, expect, test } from 'vitest';
import { f26 } from './f26.ts';
import { canary, judged, load, observed, shipped, spec } from './testing/made.ts';

const run = [
  spec({ iterations: 2 }),
  ...observed('kubernetes'),
  shipped(),
  canary(20, 'Progressing', { iterations: 1 }),
  canary(30, 'Progressing', { iterations: 2 }),
  canary(40, 'Promoting', { iterations: 2 }),
  ...load(-5, 18, { count: 40, group: 'plain' }, { count: 10, group: 'marked' }),
];
const apart = load(22, 39, { count: 40, group: 'plain' }, { count: 10, group: 'marked', release: 'v2' });

describe('F26', () => {
  test('those who ask for the release meet it, and nobody else', () => {
    expect(judged(f26, run, apart).outcome).toBe('pass');
  });

  test.each([
    [
      'a matching request misses it',
      [...apart, ...load(25, 26, { count: 1, group: 'marked' })],
      /1 of 171 matching/,
    ],
    [
      'another request meets it',
      [...apart, ...load(25, 26, { count: 1, group: 'plain', release: 'v2' })],
      /do not match/,
    ],
    [
      'it is met before the test',
      [...apart, ...load(10, 11, { count: 1, group: 'marked', release: 'v2' })],
      /before the test/,
    ],
    [
      'an iteration is one too many',
      [...apart, canary(35, 'Progressing', { iterations: 3 })],
      /3 iterations/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f26, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('a load without groups proves nothing', () => {
    expect(judged(f26, run, load(22, 39, { count: 50 })).outcome).toBe('inconclusive');
  });
});
