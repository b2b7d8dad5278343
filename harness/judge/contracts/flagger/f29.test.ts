import { describe, expect, test } from 'vitest';
import { f29 } from './f29.ts';
import { canary, judged, load, observed, shipped, spec } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes'),
  shipped(),
  canary(20, 'Progressing', { weight_pct: 20 }),
  canary(40, 'Promoting', { weight_pct: 40 }),
  ...load(-5, 20, { count: 50, group: 'none' }),
  ...load(20, 40, { count: 20, group: 'none' }, { count: 30, group: 'kept', release: 'v2' }),
];
const free = load(40, 60, { count: 50, group: 'none', release: 'v2' });

describe('F29', () => {
  test('who has the cookie stays, and loses it at the end', () => {
    expect(judged(f29, run, free).outcome).toBe('pass');
  });

  test('a user with the cookie who meets another release is noticed', () => {
    expect(judged(f29, run, free, load(30, 31, { count: 1, group: 'kept' })).reason).toMatch(
      /another release/,
    );
  });

  test('a cookie that stays is noticed', () => {
    const kept = load(40, 60, { count: 50, group: 'kept', release: 'v2' });
    expect(judged(f29, run, kept).reason).toMatch(/still carry the cookie/);
  });

  test('users without a cookie prove nothing', () => {
    const without = run.filter((one) => one.source !== 'load');
    expect(judged(f29, without, load(-5, 60, { count: 50, group: 'none' })).outcome).toBe('inconclusive');
  });
});
