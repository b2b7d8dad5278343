import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dealer, Pace } from './pace.ts';

describe('the dealer', () => {
  test('deals by weight, at any time off by less than there are items', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 300 }), (dealt, places) => {
        const total = dealt.reduce((sum, weight) => sum + weight, 0);
        const next = dealer(dealt);
        const counts = dealt.map(() => 0);
        for (let place = 0; place < places; place += 1) {
          const item = next();
          counts[item] = (counts[item] ?? 0) + 1;
        }
        for (const [item, weight] of dealt.entries()) {
          const share = (places * weight) / total;
          // The spread of this way of dealing is below the number of items.
          expect(Math.abs((counts[item] ?? 0) - share)).toBeLessThan(dealt.length);
        }
      }),
    );
  });

  test('spreads a rare item evenly', () => {
    const next = dealer([0.75, 0.25]);
    expect(Array.from({ length: 8 }, next)).toEqual([0, 0, 1, 0, 0, 0, 1, 0]);
  });
});

describe('the pace', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('has as many due as the rate says, however late it comes to them', () => {
    const due: { due_ms: number; late_ms: number }[] = [];
    using pace = new Pace(300, (due_ms, now_ms) => due.push({ due_ms, late_ms: now_ms - due_ms }), Date.now);
    vi.advanceTimersByTime(1_000);
    pace.catchUp();
    expect(due).toHaveLength(301);
    // Nothing runs for a second, and what was due meanwhile keeps its time.
    vi.setSystemTime(Date.now() + 1_000);
    pace.catchUp();
    expect(due).toHaveLength(601);
    expect(Math.max(...due.map(({ late_ms }) => late_ms))).toBeGreaterThan(990);
    const [first, last] = [due[0]?.due_ms ?? 0, due.at(-1)?.due_ms ?? 0];
    expect(last - first).toBeCloseTo(2_000, 2);
  });

  test('has nothing due once it is given back', () => {
    let count = 0;
    new Pace(1_000, () => (count += 1), Date.now)[Symbol.dispose]();
    vi.advanceTimersByTime(1_000);
    expect(count).toBe(1);
  });
});
