import type { ReleaseSide, WorkloadFacts, Moment } from '#harness/core/guard/facts.ts';
import type { Address } from '../server/types.ts';

/** A statement of a release, with how often it is sent. */
export interface WorkloadStatement {
  readonly name: string;
  readonly text: string;
  /** Share of the rate; the shares of a workload are made to add up to one. */
  readonly weight: number;
  readonly reads_only: boolean;
  /** `:name` parameters and how a value is drawn for each. */
  readonly parameters: readonly string[];
}

/** A release as sets of statements, or as a command that serves HTTP. */
export type Release =
  | { readonly kind: 'sql'; readonly file: string; readonly statements: readonly WorkloadStatement[] }
  | {
      readonly kind: 'command';
      readonly command: readonly string[];
      readonly requests: readonly HttpRequest[];
    };

/** A request of a release that serves HTTP; `{{name}}` parameters as in SQL. */
export interface HttpRequest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly weight: number;
}

/** A release at work on one database, at a steady rate, until it is stopped. */
export interface RunningWorkload extends AsyncDisposable {
  readonly side: ReleaseSide;
  /** Ends the stretch that is counted now and begins the next one. */
  cut(moment: Moment): WorkloadFacts;
  /** Longest time without a good answer of its readers or writers since the last call, and what is open now, in ms. */
  stall(): { readonly readers_ms: number; readonly writers_ms: number };
  /** Asks no more, waits for the answers that are due, and tells the last stretch. */
  stop(): Promise<WorkloadFacts>;
}

export type StartWorkload = (
  release: Release,
  options: {
    readonly side: ReleaseSide;
    readonly address: Address;
    readonly rate_per_s: number;
    readonly seed: number;
    readonly signal: AbortSignal;
  },
) => Promise<RunningWorkload>;
