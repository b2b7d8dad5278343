import { describe, expect, it } from 'vitest';
import type { AnswerSeries, LoadSecond } from '#harness/core/timeline.ts';
import { steadyState } from './steady.ts';

function series(status: number, is_bad: boolean, count: number): AnswerSeries {
  return {
    release: 'good',
    status,
    route: '/',
    bad: is_bad,
    count,
    sum_ms: 1,
    max_ms: 1,
    buckets: [],
    first_at: 0,
    last_at: 0,
  };
}

function second(
  count: number,
  change: { readonly bad?: number; readonly dropped?: number } = {},
): LoadSecond {
  const { bad = 0, dropped = 0 } = change;
  return {
    from: 0,
    series: [series(200, false, count - bad), series(500, true, bad)],
    iterations: count,
    dropped_iterations: dropped,
    vus: 1,
    lag_max_ms: 1,
    cpu_s: 0.1,
  };
}

const condition = steadyState(300, 3);

describe('steadyState', () => {
  it('holds after enough good seconds at the offered rate', () => {
    expect(condition([second(300), second(299), second(301)])).toEqual({
      met: true,
      seen: '300.0 of 300 answers/s, 0 bad and 0 dropped in 3 s',
    });
  });

  it('looks at the newest seconds only', () => {
    expect(condition([second(30, { bad: 30 }), second(300), second(300), second(300)]).met).toBe(true);
  });

  it.each([
    ['too few seconds', [second(300), second(300)]],
    ['a bad answer', [second(300), second(300, { bad: 1 }), second(300)]],
    ['a dropped request', [second(300), second(300, { dropped: 1 }), second(300)]],
    ['too slow', [second(290), second(290), second(290)]],
    ['too fast', [second(310), second(310), second(310)]],
  ])('does not hold with %s', (_name, seconds) => {
    expect(condition(seconds).met).toBe(false);
  });
});
