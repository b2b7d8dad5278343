import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  EMPTY_HISTOGRAM,
  type LatencyHistogram,
  mergeHistograms,
  quantileMs,
} from './histogram.ts';
import { LATENCY_BOUNDS_MS } from './timeline.ts';

function histogramOf(values: readonly number[]): LatencyHistogram {
  const buckets = [...EMPTY_HISTOGRAM.buckets];
  for (const value of values) {
    const index = bucketOf(value);
    buckets[index] = (buckets[index] ?? 0) + 1;
  }
  return { count: values.length, max_ms: Math.max(0, ...values), buckets };
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
}

const latencies = fc.array(fc.double({ min: 0.1, max: 10_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('bucketOf', () => {
  it('puts an upper bound into its own bucket and the rest into one more', () => {
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(0.1)).toBe(0);
    expect(bucketOf(0.1001)).toBe(1);
    expect(bucketOf(LATENCY_BOUNDS_MS.at(-1) ?? 0)).toBe(LATENCY_BOUNDS_MS.length - 1);
    expect(bucketOf(60_000)).toBe(LATENCY_BOUNDS_MS.length);
  });
});

describe('quantileMs', () => {
  it('is nothing without values', () => {
    expect(quantileMs(EMPTY_HISTOGRAM, 0.5)).toBeUndefined();
  });

  it('is never below the exact quantile and at most 12 % above it', () => {
    fc.assert(
      fc.property(latencies, share, (values, q) => {
        const exact = exactQuantile(values, q);
        const estimate = quantileMs(histogramOf(values), q) ?? Number.NaN;
        expect(estimate).toBeGreaterThanOrEqual(exact);
        // Bounds are rounded to a thousandth of a millisecond, hence a little more than 12 %.
        const beyond = exact > (LATENCY_BOUNDS_MS.at(-1) ?? 0);
        expect(estimate).toBeLessThanOrEqual(beyond ? Math.max(...values) : exact * 1.125);
      }),
    );
  });

  it('grows with the share', () => {
    fc.assert(
      fc.property(latencies, share, share, (values, one, two) => {
        const histogram = histogramOf(values);
        const low = quantileMs(histogram, Math.min(one, two)) ?? Number.NaN;
        expect(low).toBeLessThanOrEqual(quantileMs(histogram, Math.max(one, two)) ?? Number.NaN);
      }),
    );
  });
});

describe('mergeHistograms', () => {
  it('of parts is the histogram of all values', () => {
    fc.assert(
      fc.property(fc.array(latencies, { maxLength: 5 }), (parts) => {
        expect(mergeHistograms(parts.map((part) => histogramOf(part)))).toEqual(histogramOf(parts.flat()));
      }),
    );
  });
});
