import { describe, expect, test } from 'vitest';
import { f15 } from './f15.ts';
import { call, canary, event, judged, observed, shipped, spec, weight } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes', 'gateway', 'gate'),
  shipped(),
  call(20, '/pre-rollout', 200),
  event(20, 'Starting canary analysis for shop.shop-1'),
  weight(20.1, 20),
  canary(20.2, 'Progressing', { weight_pct: 20 }),
  call(30, '/confirm-traffic-increase', 403),
  call(40, '/confirm-traffic-increase', 403),
];

describe('F15', () => {
  test('a closed gate holds the weight', () => {
    expect(judged(f15, run)).toMatchObject({ outcome: 'pass', reason: expect.stringContaining('20 %') });
  });

  test.each([
    ['the weight moves', weight(35, 40), /the weight moved/],
    ['pre-rollout hooks run again', call(35, '/pre-rollout', 200), /pre-rollout hooks ran 1 times/],
    ['the analysis starts again', event(35, 'Starting canary analysis for shop.shop-1'), /started 1 times/],
  ])('%s', (_, record, says) => {
    const { outcome, reason } = judged(f15, run, record);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('one refusal is too few', () => {
    expect(judged(f15, run.slice(0, -1)).outcome).toBe('inconclusive');
  });
});
