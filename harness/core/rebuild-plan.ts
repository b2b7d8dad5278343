import type { BackupMethod } from './recovery.ts';
import type { EpochMs } from './time.ts';

/** A part of the cluster, as its repository holds it. */
export interface PlannedComponent {
  readonly name: string;
  /** Folder of the repository. */
  readonly path: string;
  /** Images that its objects run, without the registry; none where it runs no program of its own. */
  readonly images: readonly string[];
}

/** A backup that a restore would look at. */
export interface PlannedBackup {
  readonly name: string;
  readonly taken_at: EpochMs;
  readonly bytes: number;
  /** Rows of all its tables, as its note says. */
  readonly rows?: number;
  /** Why it cannot be restored, as far as can be told without opening it. */
  readonly objection?: string;
}

/** A step, with what it took in earlier runs on this machine. */
export interface PlannedStep {
  readonly name: string;
  /** Absent where no run has taken it yet. */
  readonly expected_s?: number;
}

/** What would be rebuilt from what. */
export interface RebuildPlan {
  readonly cluster: {
    readonly name: string;
    readonly nodes: number;
    readonly node_image: string;
    /** Ports on 127.0.0.1 by service: the same as before. */
    readonly ports: Readonly<Record<string, number>>;
  };
  readonly repository: {
    readonly name: string;
    readonly revision: string;
    readonly message: string;
    readonly committed_at: EpochMs;
  };
  readonly components: readonly PlannedComponent[];
  readonly database: {
    readonly method: BackupMethod;
    /** The backup that would be restored; its name is that of one of `backups`. */
    readonly chosen: string;
    /** Newest first. */
    readonly backups: readonly PlannedBackup[];
    /** Up to when the write-ahead log is stored; absent where it is not archived. */
    readonly log_until?: EpochMs;
  };
  readonly steps: readonly PlannedStep[];
  /** From the loss to the steady state, in earlier runs. */
  readonly expected_s?: number;
}

/** Under which the duration of a step is remembered from run to run. */
export function stepKey(step: string): string {
  return `recovery: ${step}`;
}

/** Under which the whole recovery of a lost cluster is remembered. */
export const RECOVERED_KEY = stepKey('recovered');
