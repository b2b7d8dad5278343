import { describe, expect, test } from 'vitest';
import { f24 } from './f24.ts';
import { canary, judged, load, observed, shipped, spec, state, weight } from './testing/made.ts';

const scaler = (seconds: number, of: '' | '-primary', min: number) =>
  state(seconds, `HorizontalPodAutoscaler/shop${of}`, { target: `shop${of}`, min, max: 5 });
const pods = (seconds: number, of: '' | '-primary', replicas: number, ready: number) =>
  state(seconds, `Deployment/shop${of}`, { replicas, ready });
const run = [
  spec(),
  ...observed('kubernetes', 'gateway'),
  shipped(),
  scaler(-30, '', 2),
  scaler(-30, '-primary', 2),
  pods(-30, '-primary', 4, 4),
  pods(20, '', 2, 2),
  weight(20, 20),
  scaler(25, '', 3),
  pods(30, '', 3, 2),
  pods(45, '', 3, 3),
  weight(50, 40),
  canary(60, 'Promoting', { weight_pct: 40 }),
  ...load(-5, 90, { count: 50 }),
];

describe('F24', () => {
  test('the primary follows with the promotion, keeps its pods, and the weight waits', () => {
    expect(judged(f24, run, scaler(62, '-primary', 3)).outcome).toBe('pass');
  });

  test.each([
    ["the primary's autoscaler changes early", [scaler(40, '-primary', 3)], /before the promotion/],
    ["the primary's autoscaler never follows", [], /not 3 to 5/],
    [
      'the weight goes on while the canary is scaled',
      [scaler(62, '-primary', 3), weight(38, 30)],
      /while the canary was being scaled/,
    ],
    [
      'the primary is shrunk',
      [scaler(62, '-primary', 3), pods(63, '-primary', 2, 2)],
      /shrunk from 4 pods to 2/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f24, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('an autoscaler that was never changed proves nothing', () => {
    const still = run.filter((one) => one.subject !== 'HorizontalPodAutoscaler/shop-1/shop');
    expect(judged(f24, still, scaler(-30, '', 2), scaler(62, '-primary', 3)).outcome).toBe('inconclusive');
  });
});
