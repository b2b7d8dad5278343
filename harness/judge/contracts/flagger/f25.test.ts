import { describe, expect, test } from 'vitest';
import { f25 } from './f25.ts';
import { canary, judged, observed, shipped, spec, weight } from './testing/made.ts';

const run = (weights: readonly number[]) => [
  ...observed('kubernetes', 'gateway'),
  shipped(),
  weight(-40, 0),
  ...weights.map((pct, index) => weight(20 + 10 * index, pct)),
  canary(90, 'Succeeded'),
];

describe('F25', () => {
  test('equal steps cross the maximum once', () => {
    expect(judged(f25, spec({ max_weight_pct: 50 }), run([20, 40, 60, 0])).outcome).toBe('pass');
    expect(judged(f25, spec({ max_weight_pct: 50 }), run([20, 40, 0])).outcome).toBe('fail');
    expect(judged(f25, spec({ max_weight_pct: 50 }), run([20, 40, 60, 80, 0])).outcome).toBe('fail');
  });

  test('a return to nothing before the first step is no step', () => {
    expect(judged(f25, spec(), run([0, 20, 40, 0])).outcome).toBe('pass');
  });

  test('listed weights are kept, and the way back is in steps', () => {
    const listed = { step_weights_pct: [5, 30], step_weight_promotion_pct: 20 };
    expect(judged(f25, spec(listed), run([5, 30, 10, 0])).outcome).toBe('pass');
    expect(judged(f25, spec(listed), run([5, 30, 0])).reason).toMatch(/not 5, 30, 10, 0 %/);
  });

  test('a release that was never promoted proves nothing', () => {
    expect(judged(f25, spec(), run([20, 40, 0]).slice(0, -1)).outcome).toBe('inconclusive');
  });
});
