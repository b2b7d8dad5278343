import type { Moment, ReleaseSide, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import type { EpochMs } from '#harness/core/time.ts';
import type { Address } from '../server/types.ts';

/** How the value of a parameter is drawn, by seed, each time its statement is sent. */
export type Draw =
  /** One of up to 1,000 values that the column holds when the workload starts; NULL where it holds none. */
  | { readonly kind: 'sample'; readonly table: string; readonly column: string }
  /** Each whole number from `from` to `to` equally often. */
  | { readonly kind: 'int'; readonly from: number; readonly to: number }
  /** A number with as many digits after the point as its bounds are written with. */
  | { readonly kind: 'decimal'; readonly from: number; readonly to: number; readonly digits: number }
  /** Letters and digits; `from` to `to` of them. */
  | { readonly kind: 'text'; readonly from: number; readonly to: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'one_of'; readonly values: readonly string[] }
  /** The next number that nobody else takes: above `from`, and above all that the column holds when the workload starts. */
  | { readonly kind: 'sequence'; readonly from: number; readonly table?: string; readonly column?: string };

export interface Parameter {
  readonly name: string;
  readonly draw: Draw;
}

/** One command to the server; `$1` stands for the first of its parameters. */
export interface WorkloadStep {
  readonly text: string;
  /** Names of the parameters in the order of their numbers. */
  readonly parameters: readonly string[];
}

/** A statement of a release, or a transaction of several, with how often it is sent. */
export interface WorkloadStatement {
  readonly name: string;
  /** More than one where it is a transaction, from its `BEGIN` to its `COMMIT`. */
  readonly steps: readonly WorkloadStep[];
  /** Share of the rate; the shares of a workload are made to add up to one. */
  readonly weight: number;
  /** As its text tells. A function that writes is found out when the workload starts. */
  readonly reads_only: boolean;
  /** Sent as a prepared statement that its connection keeps, as drivers do. */
  readonly is_prepared: boolean;
  /** A parameter has one value in all steps of a transaction. */
  readonly parameters: readonly Parameter[];
}

/** A request of a release that serves HTTP; `{{name}}` stands for a parameter. */
export interface HttpRequest {
  readonly name: string;
  readonly method: string;
  /** With its query, from the first slash on. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly weight: number;
  readonly parameters: readonly Parameter[];
}

/** A release as a set of statements. */
export interface SqlRelease {
  readonly kind: 'sql';
  /** As given; `derived` where nobody wrote it and it was made from the schema. */
  readonly file: string;
  readonly statements: readonly WorkloadStatement[];
  /** Connections that write; as many as the rate asks for when absent. */
  readonly writers?: number;
  /** It is never sent faster than this, whatever rate is asked for. */
  readonly rate_max_per_s?: number;
}

/** A release as a program that serves HTTP on `$PORT` and works on the database `$DATABASE_URL`. */
export interface CommandRelease {
  readonly kind: 'command';
  readonly command: readonly string[];
  readonly cwd?: string;
  /** File of its requests, as given. */
  readonly file: string;
  readonly requests: readonly HttpRequest[];
  /** Is given each line that it writes, each time it is started, without secrets. */
  readonly said?: (line: string) => void;
}

/** A release as an image that is on this machine; the rest is as with a command. */
export interface ContainerRelease {
  readonly kind: 'container';
  readonly image: string;
  /** That it serves HTTP on within its container; it is told so by `$PORT`. */
  readonly port: number;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly file: string;
  readonly requests: readonly HttpRequest[];
  readonly said?: (line: string) => void;
}

export type Release = SqlRelease | CommandRelease | ContainerRelease;

/** A time in which readers or writers asked and got no good answer. */
export interface Stall {
  readonly reader: boolean;
  /** The oldest question that was open was asked, or the good answer before came. */
  readonly from: EpochMs;
  /** The next good answer came; the time of asking where none has come yet. */
  readonly to: EpochMs;
}

/** A release at work on one database, at a steady rate, until it is stopped. Disposing it stops it at once. */
export interface RunningWorkload extends AsyncDisposable {
  readonly side: ReleaseSide;
  /**
   * Ends the stretch that is counted now, begins the next one, and tells the ended one once all that was due in it has been
   * answered.
   * @param moment of the stretch that ends
   */
  cut(moment: Moment): Promise<WorkloadFacts>;
  /** Each stall of at least 2 ms that ended after `since`, or is open now. */
  stalls(since: EpochMs): Promise<readonly Stall[]>;
  /** Comes once nothing waits for a connection any more: what a lock held up is worked off. After 10 s in any case. */
  settle(): Promise<void>;
  /** Comes once everything that it sends was sent at least once since the last cut; after `longest_ms` in any case. */
  cover(longest_ms: number): Promise<void>;
  /** Asks no more, waits for the answers that are due, and tells the last stretch. */
  stop(moment: Moment): Promise<WorkloadFacts>;
}

export interface WorkloadOptions {
  readonly side: ReleaseSide;
  readonly address: Address;
  /** Statements or requests that are due in a second, whatever the answers do. */
  readonly rate_per_s: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}
