/** What a server answered, what releases met, and what a migration did to those who worked beside it. */

/** Who works against the database. */
export type ReleaseSide = 'old' | 'new';

/** What a rate of statements met, in one stretch of a run. */
export type Moment = 'before' | 'during' | 'after';

export interface Refusal {
  readonly index: number;
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
}

/** What a release met in one stretch: from the client's side. */
export interface WorkloadFacts {
  readonly side: ReleaseSide;
  readonly moment: Moment;
  readonly rate_per_s: number;
  /** Statements or requests that were due, begun and answered without error. */
  readonly due: number;
  readonly begun: number;
  readonly good: number;
  readonly failed: number;
  readonly duration_s: number;
  /** How late they began at worst: the generator's own starvation, in ms. */
  readonly late_max_ms: number;
  readonly latency_p50_ms: number;
  readonly latency_p99_ms: number;
  readonly latency_max_ms: number;
  /** By SQLSTATE or HTTP status, with one message each; most frequent first. */
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    /** Of a deadlock: who waited for whom, in the server's words. */
    readonly detail?: string;
    readonly count: number;
  }[];
  /** The same by statement or route of the workload. */
  readonly by_statement: readonly {
    readonly name: string;
    readonly reads_only: boolean;
    readonly begun: number;
    readonly failed: number;
    readonly latency_max_ms: number;
  }[];
}

/** A stretch of time in which a session waited for a lock that the migration held or queued for. */
export interface BlockedInterval {
  /** Statement of the migration that ran; the last one that had begun. */
  readonly statement: number;
  readonly relation: string;
  /** Lock that the waiting session asked for: `RowExclusiveLock`. */
  readonly wanted: string;
  /** Lock that the migration held or had asked for. */
  readonly held: string;
  /** Waited for a lock that the migration itself still waited for: the queue behind it. */
  readonly queued_behind: boolean;
  readonly reader: boolean;
  readonly from_ms: number;
  readonly duration_ms: number;
}

/** The longest time for which the migration held a lock on a relation that stops its readers, or its writers. */
export interface HeldLockFacts {
  readonly relation: string;
  readonly mode: string;
  readonly stops_readers: boolean;
  /** Statement of the migration that ran when it began. */
  readonly statement: number;
  readonly duration_ms: number;
  /** Somebody waited for the relation: whoever works was seen to use it. */
  readonly is_awaited: boolean;
}

/** Readers or writers, as a whole. */
export interface BlockedSummary {
  /** Longest time that one session waited, by sampling of the server's locks. */
  readonly longest_ms: number;
  /** Of all sessions together. */
  readonly total_ms: number;
  readonly sessions: number;
  /** Longest time without one good answer, as the clients saw it, while the migration ran. */
  readonly stall_ms: number;
}

/** What one statement of the migration did to those who worked meanwhile. */
export interface StatementUnderLoad {
  readonly index: number;
  readonly duration_ms: number;
  /** Time that it waited for locks itself. */
  readonly waited_ms: number;
  readonly readers: BlockedSummary;
  readonly writers: BlockedSummary;
}

/** One of those who waited for each other. */
export interface DeadlockParty {
  /** `the migration`, `a writer of the old release`. */
  readonly who: string;
  /** Lock that it waited for: `AccessExclusiveLock`. */
  readonly wanted: string;
  /** `schema.table`; absent where it waited for the end of a transaction that had written its row. */
  readonly relation?: string;
  readonly held_by: string;
}

/** Sessions that waited for each other, until the server ended one (SQLSTATE 40P01). */
export interface DeadlockFacts {
  readonly victim: string;
  /** From the victim on, each beside the one that it waited for. */
  readonly parties: readonly DeadlockParty[];
}

/** What became of the rows of one table that the releases wrote while all went on. */
export interface WrittenTableFacts {
  /** `schema.table` before the migration. */
  readonly table: string;
  /** Rows that a release wrote at least once; each is held against the last of its writes. */
  readonly rows: number;
  /** Written, and not there. */
  readonly missing: number;
  /** There, with another value than was written. */
  readonly changed: number;
  /** Deleted by a release, and there. */
  readonly returned: number;
  /** Columns in which they differ. */
  readonly columns: readonly string[];
  /** Primary keys of such rows, never contents; at most 5. */
  readonly examples: readonly string[];
}

/** What the releases committed, by the server's log of changes, against what is there once all was over. */
export interface WrittenFacts {
  /** Changes of rows that they committed. */
  readonly changes: number;
  /** Tables whose rows were compared. What the migration does to rows where it runs alone is told there. */
  readonly tables: readonly WrittenTableFacts[];
  readonly not_compared: readonly {
    readonly table: string;
    /** As a sentence without a full stop. */
    readonly why: string;
  }[];
}

export interface UnderLoadFacts {
  readonly outcome: 'applied' | 'refused';
  readonly refusal?: Refusal;
  readonly duration_ms: number;
  /** Between two looks at the locks: the median and the longest, in ms. */
  readonly sampling: { readonly median_ms: number; readonly longest_ms: number; readonly samples: number };
  /** Time that the reader in the way stayed open, in ms; only where there was one. */
  readonly reader_held_ms?: number;
  readonly statements: readonly StatementUnderLoad[];
  readonly readers: BlockedSummary;
  readonly writers: BlockedSummary;
  /** The longest ones, at most 200. */
  readonly blocked: readonly BlockedInterval[];
  /** Absent in facts from before it was recorded. */
  readonly held?: readonly HeldLockFacts[];
  /** One for each side that met one: the migration, the old release. */
  readonly deadlocks?: readonly DeadlockFacts[];
  /** What the releases met: old before, during and after, new during and after. */
  readonly workloads: readonly WorkloadFacts[];
  /** Why the new release was not at work while it ran, as a sentence without a full stop; only where it was to be. */
  readonly new_during_missing?: string;
  /** Absent where it was not asked for, and in facts from before it was recorded. */
  readonly written?: WrittenFacts;
  /** Why that is absent, as a sentence without a full stop. */
  readonly written_missing?: string;
}
