/**
 * What a run of the migration guard measured: facts only, in one document, from which every verdict and report is made.
 * A part that was not measured is absent, and its check is `inconclusive`; it is never empty instead.
 */
import type { Position } from '../errors.ts';
import type { EpochMs } from '../time.ts';
import type { ContentFacts } from './content-facts.ts';
import type { Refusal, UnderLoadFacts, WorkloadFacts } from './load-facts.ts';
import type { Meaning } from './meaning.ts';

/** Where the server came from that the migration was run on. */
export type ServerEngine = 'embedded' | 'testcontainers' | 'cluster';

/** Where the rows came from. */
export type DataSource = 'dump' | 'live' | 'generated' | 'empty';

export interface GuardFacts {
  readonly format: 'mettle-guard/1';
  readonly started_at: EpochMs;
  readonly ended_at: EpochMs;
  readonly server: ServerFacts;
  readonly data: DataFacts;
  /** The migrations that were judged, in the order in which they run. */
  readonly migrations: readonly MigrationFacts[];
  /** What the linter says of the same files. Absent when it was not run. */
  readonly lint?: LintFacts;
  /** What the person did not ask for: its checks are not judged, and the reports say so. */
  readonly left_out?: readonly LeftOut[];
  /** Broken on purpose by a test of the guard. */
  readonly seeded_defect?: string;
}

/** A part of a run that can be left out of it beforehand. */
export type GuardPart =
  | 'old-release'
  | 'new-release'
  | 'writes'
  | 'behind-reader'
  | 'down'
  | 'kills'
  | 'growth'
  | 'lint';

export interface LeftOut {
  readonly part: GuardPart;
  /** As a sentence without a full stop: `no release was named with --old`. */
  readonly why: string;
}

export interface ServerFacts {
  readonly engine: ServerEngine;
  /** As the server says: `18.4`. */
  readonly version: string;
  readonly version_num: number;
  /** Of the migration's session. Absent in facts from before it was recorded. */
  readonly time_zone?: string;
}

export interface DataFacts {
  readonly source: DataSource;
  /** Name of the dump, or of the database without credentials. */
  readonly from: string;
  readonly seed?: number;
  readonly tables: readonly TableSize[];
  /** Rows of the database that the figures are to be extrapolated to, by table, where somebody said so. */
  readonly real_rows?: Readonly<Record<string, number>>;
}

/** What a table held; a partitioned one counts as a whole. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  /** Partitions that hold rows themselves, or could; absent where it has none. */
  readonly parts?: readonly { readonly table: string; readonly rows: number }[];
}

/** A statement of a migration, as the server's own parser found it. */
export interface StatementFacts {
  /** From 0 in its file. */
  readonly index: number;
  /** As it stands in the file, without comments before it. */
  readonly text: string;
  readonly position: Position;
  /** Node of the parser: `AlterTableStmt`. */
  readonly kind: string;
  /** `schema.table` of each relation that it names, as far as it can be told without running it. */
  readonly relations: readonly string[];
  /** What it does, as far as it tells itself; empty where that says nothing to any check. */
  readonly does: readonly Meaning[];
}

/** One migration and all that was measured of it. */
export interface MigrationFacts {
  readonly name: string;
  readonly tool: string;
  readonly up: string;
  readonly down?: string;
  readonly statements: readonly StatementFacts[];
  /** Tables as it found them, where others were judged before it; else those of `DataFacts`. */
  readonly tables?: DataFacts['tables'];
  /** It ran on the data, alone: no load, nobody in the way. */
  readonly alone?: AloneFacts;
  /** What it did to rows and values, alone. */
  readonly content?: ContentFacts;
  /** It ran while both releases worked. */
  readonly under_load?: UnderLoadFacts;
  /** The same, behind a transaction that had read the tables and stayed open. */
  readonly behind_reader?: UnderLoadFacts;
  /** The new release on the database as it was before. */
  readonly new_before?: WorkloadFacts;
  readonly round_trip?: RoundTripFacts;
  readonly kills?: readonly KillFacts[];
  readonly growth?: GrowthFacts;
  /** Tables whose made-up rows stood in its way, and that were emptied so that those after it could be judged. */
  readonly emptied?: readonly string[];
  /** Why a part is absent, as a sentence without a full stop, where that is known. */
  readonly not_measured?: Partial<Readonly<Record<MeasuredPart, string>>>;
  /**
   * Parts among `not_measured` that were left out on purpose, by what was measured of it before: they are not judged, and the
   * reports say so.
   */
  readonly left_out?: readonly GuardPart[];
}

/** Part of the facts of a migration that a phase of its own measures. */
export type MeasuredPart =
  | 'alone'
  | 'content'
  | 'under_load'
  | 'behind_reader'
  | 'new_before'
  | 'round_trip'
  | 'kills'
  | 'growth';

/** What one statement cost, measured by the server while nothing else ran. */
export interface StatementCost {
  readonly index: number;
  readonly duration_ms: number;
  readonly wal_bytes: number;
  /** Tables whose file on disk is another afterwards, and that held rows: `schema.table`. */
  readonly rewritten: readonly string[];
  readonly indexes_built: readonly string[];
  /** Tables of before that those indexes are of. Absent in facts from before it was recorded. */
  readonly indexed?: readonly string[];
  /** Growth of the database on disk; negative when it shrank. */
  readonly disk_bytes: number;
  /** Strongest lock that was held on each relation that existed before, once the statement had run. */
  readonly locks: Readonly<Record<string, string>>;
  /** They were gone once it was done, and only looked at now and then: others may have been held between two looks. */
  readonly locks_sampled?: true;
}

export interface AloneFacts {
  readonly outcome: 'applied' | 'refused';
  readonly duration_ms: number;
  readonly statements: readonly StatementCost[];
  /** What the server answered to the statement that it refused. */
  readonly refusal?: Refusal;
  /** Invalid indexes, constraints that were not there before, tables half-made: what a refused run left behind. */
  readonly residue: readonly string[];
}

export interface RoundTripFacts {
  /** Why it was not done, for example that there is no down file. */
  readonly missing?: string;
  readonly up_down: TripFacts | undefined;
  readonly up_down_up: TripFacts | undefined;
  /** Rows that the new release wrote between up and down. */
  readonly written_between: number;
  /** What the release met that was to write them. */
  readonly between?: WorkloadFacts;
}

/** A state of the database against one that it should be the same as. */
export interface TripFacts {
  readonly refusal?: Refusal;
  /** Differences of tables, columns, constraints, indexes, sequences, each a line. */
  readonly schema: readonly string[];
  /** Differences of content, without what was written in between; tables in which nothing differs are not among them. */
  readonly data: ContentFacts;
  /** Rows written in between that are gone, or changed in a column that is there on both sides. */
  readonly written_lost: number;
  /** What became of the rows written in between, with the columns that are gone with what they held. */
  readonly written?: ContentFacts;
}

export interface KillFacts {
  readonly how: 'client' | 'server' | 'connection';
  /** Statement that ran when it was killed, and how long it had run. */
  readonly statement: number;
  readonly after_ms: number;
  /** It had ended before: nothing was killed in the middle. */
  readonly too_late: boolean;
  readonly state: 'as before' | 'as after' | 'in between';
  readonly residue: readonly string[];
  readonly again: 'applied' | 'refused' | 'not needed';
  readonly again_refusal?: Refusal;
  /** After it had been run again the schema and the rows were those of a run that nobody killed. */
  readonly same_after_again: boolean;
  /** What differs, a line each. */
  readonly differences: readonly string[];
}

export interface GrowthFacts {
  /** Table whose rows are counted: the largest that the migration touches. Absent in facts from before it was recorded. */
  readonly table?: string;
  /** The smaller sizes are made of some of the rows that were there; made up anew for each size when absent. */
  readonly smaller?: 'share of the rows';
  /** The smallest first. */
  readonly points: readonly GrowthSizeFacts[];
}

/** What a migration cost at a number of rows. */
export interface GrowthSizeFacts {
  readonly rows: number;
  readonly duration_ms: number;
  /** Of every run alone, where it was run more than once; `duration_ms` is in their middle. */
  readonly durations_ms?: readonly number[];
  readonly wal_bytes: number;
  /** By how much the database is larger on disk afterwards; negative where it shrank. Absent where it was not recorded. */
  readonly disk_bytes?: number;
  /**
   * By how much it was larger at the most, old and new files together; without the files in which the server sorts. Absent where
   * it was not recorded.
   */
  readonly disk_peak_bytes?: number;
  /** Pages of tables and their indexes that it looked at. Absent where it was not recorded, or the server does not tell at once. */
  readonly pages_read?: number;
  readonly blocked_longest_ms: number;
  /** Of every run with the releases at work, where there was more than one; `blocked_longest_ms` is in their middle. */
  readonly blocked_ms?: readonly number[];
}

export interface LintFacts {
  readonly tool: string;
  readonly version: string;
  readonly findings: readonly LintFinding[];
}

export interface LintFinding {
  /** Name of the linter's rule, unchanged. */
  readonly rule: string;
  readonly level: string;
  readonly message: string;
  readonly help?: string;
  readonly position: Position;
  /** Statement that it is about, where it could be told. */
  readonly migration?: string;
  readonly statement?: number;
}
