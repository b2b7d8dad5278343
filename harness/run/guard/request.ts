/** What a run of the guard is asked to do. */
import type { LeftOut, ServerEngine } from '#harness/core/guard/facts.ts';
import type { Migration, MigrationSet } from '#harness/database/migrations/types.ts';
import type { Address } from '#harness/database/server/types.ts';
import type { Release } from '#harness/database/workload/types.ts';

/** Where the rows come from. */
export type DataChoice =
  | { readonly source: 'dump'; readonly path: string }
  | { readonly source: 'live'; readonly address: Address; readonly schemas?: readonly string[] }
  | {
      readonly source: 'generated';
      readonly rows: number;
      /** A database whose own statistics say how values are spread; none of its rows is read. */
      readonly like?: Address;
    }
  | { readonly source: 'empty' };

export interface GuardRequest {
  readonly set: MigrationSet;
  /** They are run before the first one that is judged, to have its schema; on a dump or a copy they have run already. */
  readonly earlier: readonly Migration[];
  readonly judged: readonly Migration[];
  readonly data: DataChoice;
  /** SQL that makes the schema before anything else is run. */
  readonly schema?: string;
  readonly old?: Release;
  readonly next?: Release;
  /** Where no release is named, one that is made from the schema works in its place. */
  readonly made_up: boolean;
  readonly rate_per_s: number;
  readonly seed: number;
  readonly engine: Exclude<ServerEngine, 'cluster'> | { readonly cluster: string };
  /** Major version, `17`; that of the data, else the newest one, when absent. */
  readonly postgres?: string;
  /** Time for which a reader stays in the way, in ms; none when absent. */
  readonly reader_ms?: number;
  /** As the team's tool sets it for a migration: `500ms`. */
  readonly lock_timeout?: string;
  /** Of every session, `Europe/Berlin`; that of the database that rows come from, else UTC, when absent. */
  readonly time_zone?: string;
  /** Rows of tables in production, by name. */
  readonly real_rows?: Readonly<Record<string, number>>;
  readonly left_out: readonly LeftOut[];
}

export function isLeftOut({ left_out }: GuardRequest, part: LeftOut['part']): boolean {
  return left_out.some((one) => one.part === part);
}

/** Whether errors of a release are judged: one was named, or the one that is made up counts. */
export function countsErrors(request: GuardRequest): boolean {
  return request.old !== undefined || request.next !== undefined || !isLeftOut(request, 'old-release');
}

/**
 * Whether nothing but the load of a release that was made up is judged by the clock, and nothing ends the server: other work
 * may go on beside it.
 * @param grows whether it is measured at several sizes, where that is known; as it was asked for when absent
 */
export function bearsCompany(request: GuardRequest, grows = !isLeftOut(request, 'growth')): boolean {
  return !countsErrors(request) && isLeftOut(request, 'kills') && !grows;
}

/** Settings of the migration's session. */
export function settingsOf({ lock_timeout }: GuardRequest): {
  readonly settings?: Readonly<Record<string, string>>;
} {
  return lock_timeout === undefined ? {} : { settings: { lock_timeout } };
}
