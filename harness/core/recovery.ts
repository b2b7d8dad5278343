/**
 * Disaster recovery: what a run of it declares before it acts, and the facts that its rules judge by.
 */
import type { EpochMs } from './time.ts';

/** How the database of a cluster is backed up. `wal`: base backups and an archive of the write-ahead log; `dump`: pg_dump. */
export type BackupMethod = 'wal' | 'dump';

/** A rebuild, or the repair of a part that was lost. */
export interface RecoveryExpectation {
  readonly of: 'recovery';
  readonly namespace: string;
  readonly app: string;
  /** What is lost, as steps and reports name it: `cluster`, `database volume`, `gateway`. */
  readonly loses: string;
  /** Longest time from the destruction to the steady state under load, in seconds; promised to users. */
  readonly recovery_time_s: number;
  /** Time that the steps should need on a warm machine, in seconds; a longer one that keeps the promise is a note. */
  readonly own_budget_s: number;
  readonly backup: BackupMethod;
  /** Accepted orders of the last so many seconds before the destruction may be lost, by the schedule of the backups. */
  readonly recovery_point_s: number;
  /** Release that served before, and must serve after. */
  readonly release: string;
  /** A rollout that the loss came in the middle of: what it shipped, and which release the specification lets serve after. */
  readonly under_way?: { readonly release: string; readonly serves_after: string };
  /** Components of the cluster; where the whole cluster is lost, each needs a step `component/NAME` of its own. */
  readonly components: readonly string[];
  /** The database has to be restored from a backup. */
  readonly restores: boolean;
  /** It is restored to the moment of the loss: what was accepted from then until the restore is given up, and listed. */
  readonly point_in_time?: boolean;
  /** Backups that must be refused, and named as refused, before one is restored. */
  readonly backups_refused: number;
  /**
   * Objects whose fields may differ afterwards: `Kind/namespace/name`, with why. `*` in either stands for any text; a
   * field of `*` lets the whole object come and go.
   */
  readonly may_differ: readonly { readonly subject: string; readonly field: string; readonly why: string }[];
  /** Alerts that must fire during the loss and be resolved after it. */
  readonly alerts: readonly string[];
  /** The watch off-site, which tells its chat of the loss and of its end; absent where none stands. */
  readonly watch?: WatchExpectation;
}

/** How soon a watch that stands off-site notices that nobody is served, and says so. */
export interface WatchExpectation {
  /** Name of its alert, which is among the declared ones. */
  readonly alert: string;
  readonly scrape_interval_s: number;
  readonly evaluation_interval_s: number;
  /** For how long nobody must be served before the alert fires. */
  readonly for_s: number;
  /** Alertmanager's grouping: how long it collects before the first message, and between two of one group. */
  readonly group_wait_s: number;
  readonly group_interval_s: number;
}

/** Observers of the watch off-site, as the timeline names them. */
export const OFFSITE_OBSERVERS = {
  prometheus: 'offsite-prometheus',
  alertmanager: 'offsite-alertmanager',
  chat: 'offsite-chat',
} as const;

/** What the step of a recovery does; its record's subject names it: `cluster`, `flux`, `component/traefik`, `restore`. */
export interface RecoveryStepData {
  readonly state: 'started' | 'done' | 'failed';
  /** For a reader: what is done, or what came of it. */
  readonly note: string;
  /** A command or an act that a person would do in its place, for the runbook. Never a secret. */
  readonly by_hand?: string;
}

/** Steps that every rebuild has, in their order; `component/NAME` stands between `flux` and `first answer`. */
export const REBUILD_STEPS = ['cluster', 'flux', 'restore', 'first answer', 'steady'] as const;

/** The end of something that is to be recovered from. */
export interface DestroyedData {
  readonly what: string;
  readonly how: string;
}

/** A backup that a restore looked at; the record's subject is its name. */
export interface BackupData {
  readonly method: BackupMethod;
  readonly state: 'taken' | 'restored' | 'refused';
  /** When it began, as it says itself. */
  readonly taken_at: EpochMs;
  readonly note: string;
}

/** An order as the client that placed it remembers it. */
export interface PlacedOrderFact {
  readonly id: string;
  /** Of its content, as the shop computes it; empty for one that was not accepted. */
  readonly content_hash: string;
  /** Time of the answer, or of the failure. */
  readonly at: EpochMs;
  /**
   * `refused`: the client was told that it failed; `unknown`: no answer came, or one that says that nobody knows (a gateway's
   * 502 and 504, and the shop's own word).
   */
  readonly outcome: 'accepted' | 'refused' | 'unknown';
}

/** Orders of one stretch of the load. */
export interface PlacedOrdersData {
  readonly orders: readonly PlacedOrderFact[];
}

/** Orders that the database holds of this run, read once the load has ended; the last record of a run counts. */
export interface HeldOrdersData {
  readonly orders: readonly { readonly id: string; readonly content_hash: string }[];
}

/** An object of a cluster, normalised: its fields flattened to `spec.replicas` and the like; values of Secrets as hashes. */
export interface InventoryData {
  readonly moment: 'before' | 'after';
  /** UID of the namespace kube-system: another after a rebuild. */
  readonly cluster_uid: string;
  /** Version of the API server's store when it was read: two readings of one cluster at one moment have the same. */
  readonly revision: string;
  /** How many objects of each kind were there, as `apps/v1 Deployment`, kinds without any object among them. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly objects: readonly {
    /** `Kind/namespace/name`, or `Kind/name`. */
    readonly subject: string;
    readonly fields: Readonly<Record<string, string | number | boolean | null>>;
  }[];
}

/** A table by its content, whatever the order of its rows. */
export interface TableContent {
  /** `schema.table`. */
  readonly table: string;
  readonly rows: number;
  /** Of all rows, independent of their order: hexadecimal. */
  readonly content_hash: string;
  /** Of the values of each column, with the keys of their rows, so that a difference can be led back to its column. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** What a database holds; the record's subject is the database. */
export interface DatabaseContentData {
  readonly moment: 'before' | 'after';
  readonly tables: readonly TableContent[];
  /** Last value by `schema.sequence`. */
  readonly sequences: Readonly<Record<string, number>>;
  /** Largest value in the columns that a sequence fills, by `schema.sequence`; only where it fills some and counts upwards. */
  readonly largest_keys: Readonly<Record<string, number>>;
  /** Type, default and the like by `schema.table.column`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Definitions, as the server writes them, by `schema.table.constraint`. */
  readonly constraints: Readonly<Record<string, string>>;
  /** Definitions by `schema.index`; an invalid index says so in its definition. */
  readonly indexes: Readonly<Record<string, string>>;
  /** Tables that were compared up to a row only, because they grow: the row's position by `schema.table`. */
  readonly up_to: Readonly<Record<string, number>>;
}
