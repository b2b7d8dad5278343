/**
 * The timeline: the single ordered record of a run. Every report, chart and verdict comes from it and from
 * nothing else. One record is one line of newline-delimited JSON in `timeline.jsonl`.
 */

/** Milliseconds since the Unix epoch; fractions are allowed. */
export type EpochMs = number;

/** Fields that every record carries. */
interface RecordBase<Source extends string, Kind extends string, Data> {
  /** Position in the run; strictly increasing. */
  readonly seq: number;
  /** When it happened, by the best clock of its source. */
  readonly at: EpochMs;
  readonly source: Source;
  readonly kind: Kind;
  /** What the record is about: an object `Kind/namespace/name`, a release, a fault, a phase. */
  readonly subject: string;
  readonly data: Data;
  /** How far `at` may be off, in ms; absent when the source shares the harness's clock and is exact. */
  readonly clock_error_ms?: number;
}

/** What the scenario declared before it acted: rules compute their budgets from it. */
export interface RolloutSpec {
  readonly controller: 'flagger';
  readonly namespace: string;
  readonly app: string;
  readonly stable_release: string;
  readonly next_release: string;
  /** What the specification says must happen to `next_release`. */
  readonly expected: 'rollback' | 'promotion';
  readonly interval_s: number;
  readonly threshold: number;
  readonly step_weight_pct: number;
  readonly max_weight_pct: number;
  readonly scrape_interval_s: number;
  /** Name of the metric check that is meant to find the defect, and its limit. */
  readonly check: { readonly name: string; readonly max_pct: number };
  readonly load: { readonly profile: string; readonly rate_per_s: number };
  /** Share of `next_release`'s answers that are bad by construction, in percent. */
  readonly bad_answers_pct: number;
  readonly alert: {
    readonly name: string;
    readonly threshold_pct: number;
    readonly window_s: number;
    readonly for_s: number;
    readonly evaluation_interval_s: number;
  };
}

/** One line of the load's second: answers that share release, status, route and goodness. */
export interface AnswerSeries {
  /** Release that answered, from the answer's own header; `none` when there was no answer. */
  readonly release: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly route: string;
  /** True when the client did not get what it was promised: status, transport or content. */
  readonly bad: boolean;
  readonly count: number;
  readonly sum_ms: number;
  readonly max_ms: number;
  /** Counts of the latency buckets whose upper bounds are `LATENCY_BOUNDS_MS`; one more for the rest. */
  readonly buckets: readonly number[];
  /** Exact time of the first and last answer of this series within the second. */
  readonly first_at: EpochMs;
  readonly last_at: EpochMs;
}

/** Upper bounds of the latency buckets, in ms: about 12 % apart, so a quantile is that exact. */
export const LATENCY_BOUNDS_MS: readonly number[] = Array.from(
  { length: 96 },
  (_, index) => Math.round(0.1 * 1.12 ** index * 1000) / 1000,
);

/** What the load generator was told. */
export interface LoadStartedData {
  readonly profile: string;
  /** Requests that are due in each second once the warm-up is over. */
  readonly rate_per_s: number;
  readonly duration_s: number;
  readonly url: string;
  /** Time at the start during which the rate grows; none when absent. */
  readonly warm_up_s?: number;
}

export interface LoadSecond {
  /** Start of the second; the record's `at` is its end. */
  readonly from: EpochMs;
  readonly series: readonly AnswerSeries[];
  readonly iterations: number;
  readonly dropped_iterations: number;
  readonly vus: number;
  /** How late the generator's own 10 ms ticker was at worst: its measure of starvation. */
  readonly lag_max_ms: number;
  /** CPU time that the generator used in this second. */
  readonly cpu_s: number;
}

export type TimelineRecord =
  | RecordBase<
      'harness',
      'scenario',
      { title: string; file: string; seed: number; versions: Record<string, string> }
    >
  | RecordBase<'harness', 'spec', RolloutSpec>
  | RecordBase<'harness', 'phase', { state: 'started' | 'done' | 'failed'; note?: string }>
  | RecordBase<'harness', 'steady_state', { held: boolean; reason: string; moment: 'before' | 'after' }>
  | RecordBase<'harness', 'observer', { state: 'started' | 'ended' | 'lost'; note?: string }>
  | RecordBase<'harness', 'note', { text: string }>
  | RecordBase<'release', 'shipped', { release: string; document: unknown }>
  | RecordBase<'kubernetes', 'object', KubernetesObjectData>
  | RecordBase<
      'kubernetes',
      'event',
      { type: string; reason: string; message: string; count: number; reporter: string }
    >
  | RecordBase<'gateway', 'weight', { primary_pct: number; canary_pct: number }>
  | RecordBase<'load', 'started', LoadStartedData>
  | RecordBase<'load', 'second', LoadSecond>
  | RecordBase<'load', 'ended', { exit_code: number | null; signal: string | null; asked: boolean }>
  | RecordBase<
      'prometheus',
      'series',
      { query: string; labels: Record<string, string>; samples: [EpochMs, number][] }
    >
  | RecordBase<'prometheus', 'alert', { state: 'inactive' | 'pending' | 'firing'; value?: number }>
  | RecordBase<
      'alertmanager',
      'alert',
      { state: 'active' | 'resolved'; starts_at: EpochMs; labels: Record<string, string> }
    >
  | RecordBase<'chat', 'message', ChatMessageData>
  | RecordBase<
      'fault',
      'injected' | 'proven_on' | 'healed' | 'proven_off',
      { fault: string; detail: string }
    >;

/** The part of an object that rules and reports read; whole objects go to the evidence. */
export interface KubernetesObjectData {
  readonly verb: 'listed' | 'added' | 'modified' | 'deleted';
  readonly resource_version: string;
  readonly generation?: number;
  /** Canary: phase, weight, failed checks. Deployment: replicas and ready. Pod: phase, ready, restarts, release. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** One message as a person in the channel would have read it. */
export interface ChatMessageData {
  readonly sender: string;
  readonly channel: string;
  readonly text: string;
  readonly severity: 'good' | 'warning' | 'danger' | 'unknown';
  readonly fields: Readonly<Record<string, string>>;
}

/** A record before it is given its place in the run. */
export type Draft = TimelineRecord extends infer One
  ? One extends TimelineRecord
    ? Omit<One, 'seq' | 'at'> & { readonly at?: EpochMs }
    : never
  : never;

/** Records of one source and kind, narrowed. */
export type RecordOf<Source extends TimelineRecord['source'], Kind extends TimelineRecord['kind']> = Extract<
  TimelineRecord,
  { source: Source; kind: Kind }
>;

/** The records of a run, read back. */
export class Timeline {
  readonly records: readonly TimelineRecord[];

  constructor(records: readonly TimelineRecord[]) {
    this.records = records;
  }

  /** All records of one source and kind, in order. */
  of<Source extends TimelineRecord['source'], Kind extends TimelineRecord['kind']>(
    source: Source,
    kind: Kind,
  ): readonly RecordOf<Source, Kind>[] {
    return this.records.filter(
      (record): record is RecordOf<Source, Kind> => record.source === source && record.kind === kind,
    );
  }
}

/** Where observers and phases put what they saw. The recorder gives each draft its place and, if absent, its time. */
export interface Recorder {
  /** Appends one record and returns its `seq`. */
  record(draft: Draft): number;
}
