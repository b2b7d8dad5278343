import { type LatencyHistogram, mergeHistograms } from '#harness/core/histogram.ts';
import type { AnswerSeries, EpochMs, LoadSecond } from '#harness/core/timeline.ts';
import type { RunFacts } from './run-facts.ts';

/** Answers of a short span of time, summed. */
export interface Bin {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Answers by `keyOf(series)`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
  readonly bad: number;
  readonly latency: ReadonlyMap<string, LatencyHistogram>;
  readonly by_release: ReadonlyMap<string, number>;
}

/** A kind of answer that a chart draws apart. */
export interface AnswerKind {
  readonly key: string;
  readonly release: string;
  readonly status: number;
  readonly bad: boolean;
  readonly count: number;
}

export interface Answers {
  /** Width of a bin, in whole seconds. */
  readonly bin_s: number;
  /** In order of time; seconds that were not measured have no bin. */
  readonly bins: readonly Bin[];
  readonly kinds: readonly AnswerKind[];
  readonly seconds: readonly LoadSecond[];
}

/** Most bins that a chart shows: more could not be told apart on its width. */
const BINS_MAX = 300;

/** Sums the load's seconds into bins that a chart can show. */
export function answersOf(facts: RunFacts): Answers {
  const seconds = facts.timeline.of('load', 'second').map((record) => record.data);
  const first = seconds[0]?.from ?? 0;
  const span_s = seconds.reduce((longest, second) => Math.max(longest, (second.from - first) / 1000 + 1), 1);
  const bin_s = Math.max(1, Math.ceil(span_s / BINS_MAX));
  const groups = new Map<number, LoadSecond[]>();
  for (const second of seconds) {
    // Seconds of one load start a whole number of seconds apart, give or take the timer's error.
    const place = Math.floor(Math.round((second.from - first) / 1000) / bin_s);
    const group = groups.get(place);
    if (group) group.push(second);
    else groups.set(place, [second]);
  }
  const bins = [...groups].map(([place, group]) => binOf(first + place * bin_s * 1000, group, bin_s));
  return {
    bin_s,
    bins: bins.sort((left, right) => left.from - right.from),
    kinds: kindsOf(seconds),
    seconds,
  };
}

/** Answers that share a key are drawn as one band: route does not matter to a chart. */
function keyOf(series: Pick<AnswerSeries, 'release' | 'status' | 'bad'>): string {
  return `${series.release}|${series.status}|${series.bad ? 'bad' : 'good'}`;
}

/** A count of a bin as a rate. */
export function perSecond(bin: Bin, count: number): number {
  return count / Math.max((bin.to - bin.from) / 1000, 0.001);
}

function binOf(from: EpochMs, seconds: readonly LoadSecond[], bin_s: number): Bin {
  const counts = new Map<string, number>();
  const by_release = new Map<string, number>();
  let total = 0;
  let bad = 0;
  for (const second of seconds) {
    for (const series of second.series) {
      counts.set(keyOf(series), (counts.get(keyOf(series)) ?? 0) + series.count);
      by_release.set(series.release, (by_release.get(series.release) ?? 0) + series.count);
      total += series.count;
      if (series.bad) bad += series.count;
    }
  }
  const latency = latencyByRelease(seconds);
  // The last bin may hold fewer seconds than the others; its rate counts only those it holds.
  return { from, to: from + Math.min(bin_s, seconds.length) * 1000, counts, total, bad, latency, by_release };
}

/** One histogram per release of all its answers in the given seconds. */
export function latencyByRelease(seconds: readonly LoadSecond[]): ReadonlyMap<string, LatencyHistogram> {
  const parts = new Map<string, AnswerSeries[]>();
  for (const series of seconds.flatMap((second) => second.series)) {
    const known = parts.get(series.release);
    if (known) known.push(series);
    else parts.set(series.release, [series]);
  }
  return new Map([...parts].map(([release, series]) => [release, mergeHistograms(series)]));
}

function kindsOf(seconds: readonly LoadSecond[]): AnswerKind[] {
  const kinds = new Map<string, { -readonly [Field in keyof AnswerKind]: AnswerKind[Field] }>();
  for (const series of seconds.flatMap((second) => second.series)) {
    const { release, status, bad } = series;
    const key = keyOf(series);
    const kind = kinds.get(key) ?? { key, release, status, bad, count: 0 };
    kind.count += series.count;
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}
