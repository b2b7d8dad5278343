/**
 * The timeline: the single ordered record of a run. Every report, chart and verdict comes from it and from
 * nothing else. One record is one line of newline-delimited JSON in `timeline.jsonl`.
 */

import type { ComparisonData } from './comparison.ts';
import type { Expectation } from './expectation.ts';
import type { AskData } from './dependency.ts';
import type {
  ClosedData,
  ConsumerKilledData,
  DatabaseErrorsData,
  GuardVerdictData,
  MigrationData,
  ReadOnlyData,
  RefusedColumnsData,
  ScratchRestoreData,
  ShipmentsData,
} from './migration.ts';
import type {
  BackupData,
  DatabaseContentData,
  DestroyedData,
  HeldOrdersData,
  InventoryData,
  PlacedOrdersData,
  RecoveryStepData,
} from './recovery.ts';
import type { RolloutSpec } from './rollout-spec.ts';
import type { EpochMs } from './time.ts';

export type { EpochMs } from './time.ts';

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

/** One line of the load's second: answers that share release, status, route, goodness and group. */
export interface AnswerSeries {
  /** Release that answered, from the answer's own header; `none` when there was no answer. */
  readonly release: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly route: string;
  /** True when the client did not get what it was promised: status, transport or content. */
  readonly bad: boolean;
  /** Group of the users that asked, for loads that know groups (`LoadUsers`); `READ_ONLY_GROUP` of answers that say so. */
  readonly group?: string;
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
  /** Time at the start during which the rate grows evenly; none when absent. */
  readonly warm_up_s?: number;
  /** Rate that it grows from. */
  readonly warm_up_from_per_s?: number;
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
  /** CPU time that nobody on the machine used in it, of all cores. Absent in runs from before it was measured. */
  readonly machine_idle_s?: number;
}

export type TimelineRecord =
  | RecordBase<
      'harness',
      'scenario',
      { title: string; file: string; seed: number; versions: Record<string, string> }
    >
  | RecordBase<'harness', 'spec', RolloutSpec>
  | RecordBase<'harness', 'expectation', Expectation>
  | RecordBase<'harness', 'phase', { state: 'started' | 'done' | 'failed'; note?: string }>
  | RecordBase<'harness', 'steady_state', { held: boolean; reason: string; moment: 'before' | 'after' }>
  | RecordBase<'harness', 'observer', { state: 'started' | 'ended' | 'lost'; note?: string }>
  | RecordBase<'harness', 'note', { text: string }>
  | RecordBase<'release', 'shipped', { release: string; document: unknown }>
  | RecordBase<'git', 'commit', GitCommitData>
  | RecordBase<'git', 'refused', GitRefusalData>
  | RecordBase<'kubernetes', 'object', KubernetesObjectData>
  | RecordBase<
      'kubernetes',
      'event',
      { type: string; reason: string; message: string; count: number; reporter: string }
    >
  | RecordBase<'harness', 'running_version', RunningVersion>
  | RecordBase<'gateway', 'weight', GatewayWeight>
  | RecordBase<'gateway', 'bound', GatewayBound>
  | RecordBase<'load', 'started', LoadStartedData>
  | RecordBase<'load', 'second', LoadSecond>
  | RecordBase<'load', 'compared', ComparisonData>
  | RecordBase<'load', 'ended', { exit_code: number | null; signal: string | null; asked: boolean }>
  | RecordBase<
      'prometheus',
      'series',
      { query: string; labels: Record<string, string>; samples: [EpochMs, number][] }
    >
  | RecordBase<'prometheus', 'sight', SightData>
  | RecordBase<'prometheus', 'panel', { dashboard: string; query: string; series: number; samples: number }>
  | RecordBase<'prometheus', 'rule', AlertRuleData>
  | RecordBase<
      'prometheus',
      'alert',
      { state: 'inactive' | 'pending' | 'firing'; value?: number; site?: Site }
    >
  | RecordBase<
      'alertmanager',
      'alert',
      { state: 'active' | 'resolved'; starts_at: EpochMs; labels: Record<string, string>; site?: Site }
    >
  | RecordBase<'chat', 'message', ChatMessageData>
  | RecordBase<'harness', 'refused_messages', { sender: string; path: string; status: number; count: number }>
  | RecordBase<'database', 'orders', OrdersData>
  | RecordBase<'fault', 'injected', FaultData>
  | RecordBase<'fault', 'proven_on', FaultData>
  | RecordBase<'fault', 'healed', FaultData>
  | RecordBase<'fault', 'proven_off', FaultData>
  | RecordBase<'gate', 'call', GateCallData>
  | RecordBase<'recovery', 'destroyed', DestroyedData>
  | RecordBase<'recovery', 'step', RecoveryStepData>
  | RecordBase<'recovery', 'backup', BackupData>
  | RecordBase<'recovery', 'inventory', InventoryData>
  | RecordBase<'load', 'orders', PlacedOrdersData>
  | RecordBase<'database', 'held_orders', HeldOrdersData>
  | RecordBase<'database', 'content', DatabaseContentData>
  | RecordBase<'database', 'migration', MigrationData>
  | RecordBase<'database', 'guard', GuardVerdictData>
  | RecordBase<'database', 'errors', DatabaseErrorsData>
  | RecordBase<'database', 'scratch_restore', ScratchRestoreData>
  | RecordBase<'database', 'refused_columns', RefusedColumnsData>
  | RecordBase<'harness', 'read_only', ReadOnlyData>
  | RecordBase<'harness', 'closed', ClosedData>
  | RecordBase<'harness', 'consumer_killed', ConsumerKilledData>
  | RecordBase<'database', 'shipments', ShipmentsData>
  | RecordBase<'release', 'asked', AskData>;

/** Where Prometheus, Alertmanager or a chat stands; absent for those in the cluster. */
export type Site = 'offsite';

/** What a fault breaks, or what was seen of it. */
export interface FaultData {
  readonly fault: string;
  readonly detail: string;
  /** Subjects of what it acts on. */
  readonly targets?: readonly string[];
  /** What it does at worst, and to whom. */
  readonly harm?: string;
  /** Who undid it; `lease` means that it ended while the run still counted on it. */
  readonly by?: 'run' | 'lease';
}

/** A call of a webhook by a controller, as the gate that answers it saw it; its subject is the Canary or the Rollout. */
export interface GateCallData {
  /** Path that was called, which names the hook: `/confirm-rollout`. */
  readonly path: string;
  /** Status that was answered; 0 when the caller went away before. */
  readonly status: number;
  /** Time that the answer was held back, in ms. */
  readonly delay_ms: number;
  /** Phase that the caller says the Canary is in; empty when it says none. */
  readonly phase: string;
  /** Other texts of the call's body. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The version that a component (the record's subject) runs as on one of the run's clusters. */
export interface RunningVersion {
  readonly cluster: string;
  /** In the tag of the image that its pod runs. */
  readonly image_version: string;
  /** As the running program says of itself. */
  readonly reported_version: string;
}

/** How soon a data plane must serve what was declared; written once, when its observer starts. */
export interface GatewayBound {
  readonly gateway: string;
  readonly follow_ms: number;
  /** What the time is made of. */
  readonly derivation: string;
}

/** A split of traffic, in percent: as an object of the API server declares it, or as the data plane serves it. */
export interface GatewayWeight {
  /** Both shares are 0 where nothing is routed to either. */
  readonly primary_pct: number;
  readonly canary_pct: number;
  /** Where it was read; absent means `object`. */
  readonly read_from?: 'object' | 'live';
  /** Name of the gateway's adapter. */
  readonly gateway?: string;
}

/** A commit that was pushed; its record's time is that of the push, its subject the repository. */
export interface GitCommitData {
  readonly revision: string;
  readonly branch: string;
  readonly message: string;
  /** `Name <address>`. */
  readonly author: string;
  /** Paths of the files that it changes. */
  readonly files: readonly string[];
}

/** A commit that could not be applied, with the place in the repository that the refusal is about. */
export interface GitRefusalData {
  readonly revision: string;
  readonly file: string;
  readonly line: number;
  /** What the controller reported, the API server's words among it. */
  readonly message: string;
}

/** The orders of this run's load that the shop holds once the load has ended. */
export interface OrdersData {
  readonly stored: number;
  /** Different ids among them. */
  readonly distinct: number;
  /** Orders that hold something else than their customer ordered. */
  readonly wrong: number;
}

/** Whether the check of a controller could see anything, found out before there is anything to see. */
export interface SightData {
  /** The query as the controller would send it. */
  readonly query: string;
  /** The pods that stood in for the canary, which is not there yet: `app="shop-primary"`. */
  readonly stands_in: string;
  /** What the query reads, narrowed to the pods that it means. */
  readonly selectors: readonly {
    readonly selector: string;
    /** Series that Prometheus has of it. */
    readonly series: number;
    /** Labels that the query asks of these series and that none of them has. */
    readonly missing_labels: readonly string[];
  }[];
}

/** An alert rule as Prometheus holds it. */
export interface AlertRuleData {
  readonly expression: string;
  /** Metrics that it names and that Prometheus never had a sample of: over these it is silent for ever. */
  readonly missing: readonly string[];
  /** Why it cannot be evaluated; absent when it can. */
  readonly error?: string;
}

/** The part of an object that rules and reports read; whole objects go to the evidence. */
export interface KubernetesObjectData {
  readonly verb: 'listed' | 'added' | 'modified' | 'deleted';
  readonly resource_version: string;
  readonly generation?: number;
  /** Which fields a kind has: `core/object-fields.ts`. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** One message as a person in the channel would have read it. */
export interface ChatMessageData {
  readonly sender: string;
  /** The format it came in, for example `slack-api`. */
  readonly dialect?: string;
  readonly channel: string;
  readonly text: string;
  readonly severity: 'good' | 'warning' | 'danger' | 'unknown';
  readonly fields: Readonly<Record<string, string>>;
  readonly site?: Site;
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
