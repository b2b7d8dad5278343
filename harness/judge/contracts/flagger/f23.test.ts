import { describe, expect, test } from 'vitest';
import { f23 } from './f23.ts';
import { act, canary, judged, load, observed, shipped, spec } from './testing/made.ts';

const run = [
  spec({ progress_deadline_s: 20 }),
  ...observed('kubernetes'),
  shipped(),
  canary(30, 'Progressing', { weight_pct: 20 }),
  ...act('skip the analysis', 31, 31.1),
  shipped(60, 'v3'),
  ...load(-5, 120, { count: 50 }),
];

describe('F23', () => {
  test('what is under analysis is promoted, and what is never ready is given up', () => {
    expect(
      judged(f23, run, canary(40, 'Succeeded'), canary(65, 'Progressing'), canary(95, 'Failed')).outcome,
    ).toBe('pass');
  });

  test.each([
    ['the analysis goes on', [canary(95, 'Failed')], /promoted: never/],
    ['the promotion is late', [canary(58, 'Succeeded'), canary(95, 'Failed')], /promoted only after 26\.9 s/],
    ['the unfit release hangs', [canary(40, 'Succeeded')], /rolled back: never/],
    [
      'the unfit release is served',
      [canary(40, 'Succeeded'), canary(95, 'Failed'), ...load(80, 81, { count: 1, release: 'v3' })],
      /users met v3/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f23, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('an analysis that did not run when it was skipped proves nothing', () => {
    const idle = run.filter((one) => one.source !== 'kubernetes');
    expect(judged(f23, idle, canary(30, 'Initialized')).outcome).toBe('inconclusive');
  });
});
