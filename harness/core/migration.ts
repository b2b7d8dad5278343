/**
 * Schema migrations under load: what a run of them declares before it acts, and the facts that its rules judge by.
 */
import type { GuardBrief } from './guard/brief.ts';
import type { EpochMs } from './time.ts';

/** Labels `app` of the pods that judge a migration, and of those that run it. */
export const GUARD_APP = 'shop-guard';
export const MIGRATION_APP = 'shop-migration';

/** Who rolls a release out, or leaves it, by how the guard's Job ended. */
export type GateController = 'argo-rollouts' | 'flagger' | 'flux';

/** A migration that is asked for, in its turn. */
export interface DeclaredMigration {
  /** Names its Job, and its records as `Migration/namespace/name`. */
  readonly name: string;
  /** `refused`: what it needs is not there, so it must not begin. */
  readonly expected: 'applied' | 'refused';
  /**
   * Columns, as `table.column`, that are there afterwards and were not before all migrations, or the other way round. Of one that
   * is refused: those that it would add or drop, and that must be as they were once it was refused.
   */
  readonly adds?: readonly string[];
  readonly drops?: readonly string[];
  /** Releases that know what it takes away: none of their pods may live when it begins. */
  readonly retires?: readonly string[];
  /** It needs a backup that is no older than this when it begins, in seconds, and that was restored elsewhere. */
  readonly backup_within_s?: number;
  /** The guard stands before it, in the pipeline that ships the release, and must say so. */
  readonly guard?: {
    readonly says: 'pass' | 'fail';
    /** The release that is shipped with it. */
    readonly release: string;
    /** Whose words must lead to the guard's Job where the release is held back; absent in records from before it was asked for. */
    readonly by?: GateController;
  };
}

/** A schema is migrated while a service is used. */
export interface MigrationExpectation {
  readonly of: 'migration';
  readonly namespace: string;
  readonly app: string;
  readonly migrations: readonly DeclaredMigration[];
  /** Columns whose values are in another one afterwards, both as `schema.table.column`. */
  readonly moved?: Readonly<Record<string, string>>;
  /** The release that is bad by construction: what fails with it is no fault of a migration. */
  readonly bad_release?: string;
  /** It must have had this share of the traffic, in percent, before it was given up. */
  readonly bad_release_pct?: number;
  /** Writes are refused while the migration runs. */
  readonly read_only?: {
    /** Who refuses them: the service by a flag, or a rule of the proxy before it. */
    readonly by: 'flag' | 'proxy';
    readonly lease_s: number;
    /** Longest time from the end of the lease until writes are taken again, in seconds. */
    readonly back_within_s: number;
  };
  /** The old release is stopped before, and the new one is started after: nobody is served meanwhile. */
  readonly window?: DowntimeWindow;
  /** Work that is taken from a queue, and must be done once although whoever does it is away for a while. */
  readonly queue?: QueueExpectation;
}

/** What the time in which nobody is served is made of, in seconds: the sum is what it may last. */
export interface DowntimeWindow {
  readonly old_release: string;
  readonly new_release: string;
  /** From the first refusal until everybody is refused. */
  readonly close_s: number;
  /** Termination grace of the old pods. */
  readonly stop_s: number;
  /** Start of the migration's pod, and its statements. */
  readonly migrate_s: number;
  /** Start of the new pods, until they are ready. */
  readonly start_s: number;
  /** Until the gateway leads everybody to them. */
  readonly open_s: number;
}

/** A queue that is filled at a rate, and emptied by one consumer. */
export interface QueueExpectation {
  /** Name of the consumer's Deployment. */
  readonly consumer: string;
  /** What comes in. */
  readonly rate_per_s: number;
  /** What the consumer can carry out. */
  readonly capacity_per_s: number;
  /** From its readiness until it ships its first batch, and the time of one batch. */
  readonly begin_s: number;
  /** How often it is killed while it is at work on a batch. */
  readonly kills: number;
}

/** How far the time without service has come; the record's subject is the service. */
export interface ClosedData {
  /** `holds`: everybody is refused; `opening`: the new release is ready; `opened`: nobody is refused any more. */
  readonly state: 'asked' | 'holds' | 'opening' | 'opened';
  readonly lease_until: EpochMs;
  readonly seen: string;
  /** With `holds`: what each method is answered. */
  readonly answers?: readonly MethodAnswer[];
}

/** A consumer that was ended by SIGKILL; the record's subject is its pod. */
export interface ConsumerKilledData {
  /** Orders of the batch that it was at work on, by its own log; 0 between two batches. */
  readonly orders: number;
}

/** What became of the orders of a run that were queued, read once the load has ended. */
export interface ShipmentsData {
  readonly shipped: readonly {
    readonly id: string;
    readonly content_hash: string;
    readonly placed_at: EpochMs;
    readonly shipped_at: EpochMs;
  }[];
  /** Still in the queue. */
  readonly waiting: readonly {
    readonly id: string;
    readonly content_hash: string;
    readonly placed_at: EpochMs;
  }[];
}

/** How far a migration has come. */
export interface MigrationData {
  /** `refused`: it was held back before it touched anything. */
  readonly state: 'begun' | 'applied' | 'failed' | 'refused';
  /** For a reader: why it was refused, what the server said, what it did. */
  readonly note: string;
}

/** What a database has once a migration was refused, read before any other may begin; the record's subject is the migration. */
export interface RefusedColumnsData {
  /** As in `DatabaseContentData`. */
  readonly columns: Readonly<Record<string, string>>;
}

/** The verdict of the guard on a migration, as its pod left it behind; the record's subject is the migration. */
export interface GuardVerdictData extends GuardBrief {
  readonly exit_code: number;
  /** Name of the pod. */
  readonly pod: string;
}

/** Statements that the database refused to the service, by what it said; read from the server's own log. */
export interface DatabaseErrorsData {
  /** What of the log was read. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly errors: readonly {
    readonly sqlstate: string;
    /** The server's first line, without what the statement held. */
    readonly message: string;
    readonly count: number;
    readonly first_at: EpochMs;
    readonly last_at: EpochMs;
  }[];
}

/** What a client that asks by a method of HTTP is answered. */
export interface MethodAnswer {
  readonly method: string;
  readonly status: number;
  /** Of `Retry-After`; absent where the answer has none that can be read. */
  readonly retry_after_s?: number;
  /** The beginning of the body. */
  readonly body: string;
}

/** A time in which writes are refused; its record's subject is the service. */
export interface ReadOnlyData {
  /** `asked`: it was begun; `holds`: no write gets through and none is under way; `ended`: writes are taken again. */
  readonly state: 'asked' | 'holds' | 'ended';
  readonly by: 'flag' | 'proxy';
  /** When it ends by itself. */
  readonly lease_until: EpochMs;
  /** What was seen. */
  readonly seen: string;
  /** With `holds`: what each method is answered. */
  readonly answers?: readonly MethodAnswer[];
  /** With `ended`: who ended it. */
  readonly ended_by?: 'lease' | 'run';
}

/** A backup that was restored into a place of its own, beside what it was taken of. */
export interface ScratchRestoreData {
  readonly taken_at: EpochMs;
  readonly state: 'same' | 'differs' | 'failed';
  readonly tables: number;
  readonly rows: number;
  readonly note: string;
}
