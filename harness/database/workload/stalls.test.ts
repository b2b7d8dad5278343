import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stalls } from './stalls.ts';

describe('a stall', () => {
  test('goes from the oldest open question to the next good answer', () => {
    const stalls = new Stalls();
    stalls.asked(0);
    stalls.answered(1, true);
    stalls.asked(10);
    stalls.asked(20);
    stalls.answered(110, true);
    stalls.answered(111, true);
    expect(stalls.since(0, 200)).toEqual([{ from_ms: 10, to_ms: 110 }]);
  });

  test('is not ended by an answer that is an error', () => {
    const stalls = new Stalls();
    stalls.asked(0);
    stalls.answered(5, false);
    stalls.asked(30);
    stalls.answered(50, true);
    expect(stalls.since(0, 60)).toEqual([{ from_ms: 0, to_ms: 50 }]);
  });

  test('is seen while it lasts, and goes on from the good answer where questions are still open', () => {
    const stalls = new Stalls();
    stalls.asked(0);
    stalls.asked(1);
    stalls.answered(40, true);
    expect(stalls.since(0, 100)).toEqual([
      { from_ms: 0, to_ms: 40 },
      { from_ms: 40, to_ms: 100 },
    ]);
    expect(stalls.since(50, 100)).toEqual([{ from_ms: 40, to_ms: 100 }]);
  });

  test('is no longer than the longest question was open, and none is within another one', () => {
    const questions = fc.array(
      fc.record({ gap_ms: fc.nat({ max: 50 }), took_ms: fc.nat({ max: 300 }), good: fc.constant(true) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(questions, (asked) => {
        const stalls = new Stalls();
        let at_ms = 0;
        const events = asked.flatMap(({ gap_ms, took_ms, good }) => {
          at_ms += gap_ms;
          return [
            { at_ms, act: (now_ms: number) => stalls.asked(now_ms) },
            { at_ms: at_ms + took_ms, act: (now_ms: number) => stalls.answered(now_ms, good) },
          ];
        });
        for (const event of events.toSorted((left, right) => left.at_ms - right.at_ms))
          event.act(event.at_ms);
        const told = stalls.since(-1, 1e9);
        const longest_ms = Math.max(0, ...asked.map(({ took_ms }) => took_ms));
        for (const { from_ms, to_ms } of told) expect(to_ms - from_ms).toBeLessThanOrEqual(longest_ms);
        for (const [place, { from_ms }] of told.entries()) {
          expect(from_ms).toBeGreaterThanOrEqual(told[place - 1]?.to_ms ?? 0);
        }
      }),
    );
  });
});
