import { EMPTY_HISTOGRAM, quantileMs } from '#harness/core/histogram.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { type Answers, latencyByRelease } from './answers.ts';
import type { RunFacts } from './run-facts.ts';

/** Harm counted in requests, on the load generator's own clock. Undefined: the run holds no load at all. */
export interface Harm {
  readonly answers: number;
  /** Bad answers of the next release after it was shipped. */
  readonly bad_of_next: number;
  readonly answers_of_next: number;
  /** Bad answers of any other release, and requests that got no answer. */
  readonly bad_of_others: number;
  readonly no_answer: number;
  readonly first_bad_at: EpochMs | undefined;
  readonly last_bad_at: EpochMs | undefined;
  readonly dropped_iterations: number;
}

export interface LatencyRow {
  readonly release: string;
  readonly answers: number;
  readonly p50_ms: number | undefined;
  readonly p95_ms: number | undefined;
  readonly p99_ms: number | undefined;
  readonly max_ms: number;
}

/** Counts the harm; undefined when no load was measured. */
export function harmOf(facts: RunFacts, answers: Answers): Harm | undefined {
  if (answers.seconds.length === 0) return undefined;
  const next = facts.next_release;
  const harm = { answers: 0, bad_of_next: 0, answers_of_next: 0, bad_of_others: 0, no_answer: 0 };
  let first_bad_at: EpochMs | undefined;
  let last_bad_at: EpochMs | undefined;
  for (const series of answers.seconds.flatMap((second) => second.series)) {
    const of_next = series.release === next;
    harm.answers += series.count;
    if (of_next) harm.answers_of_next += series.count;
    if (series.status === 0) harm.no_answer += series.count;
    if (!series.bad) continue;
    if (of_next) {
      harm.bad_of_next += series.count;
      first_bad_at = Math.min(first_bad_at ?? series.first_at, series.first_at);
      last_bad_at = Math.max(last_bad_at ?? series.last_at, series.last_at);
    } else if (series.status !== 0) {
      harm.bad_of_others += series.count;
    }
  }
  const dropped_iterations = answers.seconds.reduce((sum, second) => sum + second.dropped_iterations, 0);
  return { ...harm, first_bad_at, last_bad_at, dropped_iterations };
}

/** Requests that did not get what they were promised, whoever was to blame. */
export function failedOf(harm: Harm): number {
  return harm.bad_of_next + harm.bad_of_others + harm.no_answer;
}

/** Latency of each release while both answered, so that the comparison is fair; else of the whole run. */
export function latencyRows(
  facts: RunFacts,
  answers: Answers,
): { readonly rows: readonly LatencyRow[]; readonly both: boolean } {
  const { spec } = facts;
  const releases = [...new Set(answers.kinds.map((kind) => kind.release))].filter(
    (release) => release !== 'none',
  );
  const isShared = (second: Answers['seconds'][number]): boolean =>
    spec !== undefined &&
    [spec.stable_release, spec.next_release].every((release) =>
      second.series.some((series) => series.release === release),
    );
  const shared = answers.seconds.filter(isShared);
  const both = shared.length > 0;
  const seconds = both ? shared : answers.seconds;
  const latency = latencyByRelease(seconds);
  const rows = releases.sort().map((release): LatencyRow => {
    const histogram = latency.get(release) ?? EMPTY_HISTOGRAM;
    return {
      release,
      answers: histogram.count,
      p50_ms: quantileMs(histogram, 0.5),
      p95_ms: quantileMs(histogram, 0.95),
      p99_ms: quantileMs(histogram, 0.99),
      max_ms: histogram.max_ms,
    };
  });
  return { rows, both };
}
