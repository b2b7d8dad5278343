import { describe, expect, test } from 'vitest';
import { f21 } from './f21.ts';
import { canary, judged, load, observed, shipped, spec, state, weight } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes', 'gateway'),
  shipped(-30, 'v1-half'),
  weight(-10, 20),
  canary(-5, 'Progressing', { weight_pct: 20, failed_checks: 1 }),
  shipped(),
  ...load(-10, 5, { count: 40 }, { count: 10, release: 'v1-half' }),
  ...load(8, 40, { count: 50 }),
];
const reset = [weight(5, 0), canary(5.1, 'Progressing')];

describe('F21', () => {
  test('weight, counters and traffic return to nothing', () => {
    expect(judged(f21, run, reset).outcome).toBe('pass');
  });

  test.each([
    [
      'the counters stay',
      [weight(5, 0), canary(5.1, 'Progressing', { failed_checks: 1 })],
      /never returned to 0/,
    ],
    ['the traffic stays', [canary(5.1, 'Progressing'), weight(10, 40)], /40 % was declared, not 0/],
    ['it comes late', [weight(25, 0), canary(25.1, 'Progressing')], /only 25\.1 s after/],
    [
      'the replaced release answers on',
      [...reset, ...load(40, 41, { count: 1, release: 'v1-half' })],
      /answered on/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f21, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('a release that no pod of the canary ever ran, and that is promoted, is noticed', () => {
    const promoting = canary(40, 'Promoting', { weight_pct: 20 });
    const added = state(6, 'Pod/shop-abc', { release: 'v2' }, { verb: 'added' });
    expect(judged(f21, run, reset, promoting).reason).toMatch(/nothing of it was looked at/);
    expect(judged(f21, run, reset, promoting, added).outcome).toBe('pass');
  });

  test('an analysis that had not begun proves nothing', () => {
    const idle = run.filter((one) => one.source !== 'kubernetes');
    expect(judged(f21, idle, canary(-5, 'Progressing'), reset).outcome).toBe('inconclusive');
  });
});
