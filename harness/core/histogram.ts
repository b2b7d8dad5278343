import { LATENCY_BOUNDS_MS } from './timeline.ts';

/** The part of a latency histogram that can be added up and asked for quantiles. */
export interface LatencyHistogram {
  readonly count: number;
  readonly max_ms: number;
  /** Counts of the buckets whose upper bounds are `LATENCY_BOUNDS_MS`; one more for the rest. */
  readonly buckets: readonly number[];
}

/** A histogram without any value. */
export const EMPTY_HISTOGRAM: LatencyHistogram = {
  count: 0,
  max_ms: 0,
  buckets: Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0),
};

/** The bucket that a latency belongs to: an upper bound belongs to its own bucket. */
export function bucketOf(latency_ms: number): number {
  let low = 0;
  let high = LATENCY_BOUNDS_MS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((LATENCY_BOUNDS_MS[middle] ?? Infinity) < latency_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One histogram of all values of the given ones: averages of quantiles are never taken. */
export function mergeHistograms(parts: Iterable<LatencyHistogram>): LatencyHistogram {
  let count = 0;
  let max_ms = 0;
  const buckets = [...EMPTY_HISTOGRAM.buckets];
  for (const part of parts) {
    count += part.count;
    max_ms = Math.max(max_ms, part.max_ms);
    for (const [index, value] of part.buckets.entries()) buckets[index] = (buckets[index] ?? 0) + value;
  }
  return { count, max_ms, buckets };
}

/**
 * The latency in ms that a share `q` (0 to 1) of the values does not exceed, by nearest rank. It is never below the
 * exact value and at most one bucket, 12 %, above it (0.1 ms for values under 0.1 ms; the maximum for those above
 * the last bound). `undefined` when there is no value.
 */
export function quantileMs(histogram: LatencyHistogram, q: number): number | undefined {
  const { count, max_ms, buckets } = histogram;
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * count));
  let below = 0;
  for (const [index, value] of buckets.entries()) {
    below += value;
    if (below >= rank) return Math.min(LATENCY_BOUNDS_MS[index] ?? max_ms, max_ms);
  }
  return max_ms;
}
