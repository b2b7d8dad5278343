/** From what was seen while a migration ran to its facts. */
import type {
  BlockedInterval,
  BlockedSummary,
  HeldLockFacts,
  StatementUnderLoad,
  UnderLoadFacts,
} from '#harness/core/guard/load-facts.ts';
import { type Interval, intervalsOf, overlapMs, summaryOf, type Window } from './blocked.ts';
import type { HeldLock } from './held-locks.ts';
import type { Watched } from './locks.ts';

/** A statement of the migration, when it began and what it took. Times of one clock throughout, in ms. */
export interface RunStatement {
  readonly index: number;
  readonly from_ms: number;
  readonly duration_ms: number;
}

/** A time without a good answer, as readers or writers saw it. */
export interface SeenStall extends Window {
  readonly reader: boolean;
}

export interface SeenUnderLoad {
  /** From the first statement to the end of the last transaction. */
  readonly run: Window;
  readonly statements: readonly RunStatement[];
  /** When the migration gave up locks. */
  readonly releases_ms: readonly number[];
  readonly watched: Watched;
  readonly stalls: readonly SeenStall[];
}

const BLOCKED_MAX = 200;
/** Sessions of the guard itself are nobody's users. */
const OWN = /^mettle /;
const WORKLOAD = /^mettle (?:old|new) (?<kind>readers|writers)$/;

/** A session of a workload says what it does; of any other the lock tells that it waits for. */
function isReader({ wait: { pid, wanted } }: Interval, { sessions }: Watched): boolean {
  const kind = WORKLOAD.exec(sessions.get(pid) ?? '')?.groups?.['kind'];
  return kind === undefined ? wanted === 'AccessShareLock' : kind === 'readers';
}

function isUser({ wait: { pid } }: Interval, { sessions }: Watched): boolean {
  const name = sessions.get(pid);
  return name !== undefined && (!OWN.test(name) || WORKLOAD.test(name));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The looks from the last one before a time to the first one after another. */
function samplingOf({ looks }: Watched, { from_ms, to_ms }: Window): UnderLoadFacts['sampling'] {
  const times = looks.map(({ at_ms }) => at_ms);
  const first = Math.max(
    0,
    times.findLastIndex((at_ms) => at_ms <= from_ms),
  );
  const after = times.findIndex((at_ms) => at_ms >= to_ms);
  const within = times.slice(first, after === -1 ? undefined : after + 1);
  const gaps = within.slice(1).map((at_ms, index) => at_ms - (within[index] ?? at_ms));
  return { median_ms: median(gaps), longest_ms: Math.max(0, ...gaps), samples: within.length };
}

/** Each statement until the next one begins; the last one until its transaction has ended. */
function windowsOf({
  run,
  statements,
}: SeenUnderLoad): readonly (Window & { readonly statement: RunStatement })[] {
  return statements.map((statement, place) => ({
    statement,
    from_ms: statement.from_ms,
    to_ms: statements[place + 1]?.from_ms ?? run.to_ms,
  }));
}

/** The statement that ran at a time. */
function ranAt({ statements }: SeenUnderLoad, at_ms: number): number {
  const statement = statements.findLast((one) => one.from_ms <= at_ms) ?? statements[0];
  return statement?.index ?? 0;
}

function heldOf(held: HeldLock, seen: SeenUnderLoad, awaited: ReadonlySet<string>): HeldLockFacts {
  const { relation, mode, stops_readers, from_ms, to_ms } = held;
  return {
    relation,
    mode,
    stops_readers,
    statement: ranAt(seen, from_ms),
    duration_ms: to_ms - from_ms,
    is_awaited: awaited.has(relation),
  };
}

function blockedOf(interval: Interval, seen: SeenUnderLoad): BlockedInterval {
  const { wait, from_ms, to_ms } = interval;
  return {
    statement: ranAt(seen, from_ms),
    relation: wait.relation,
    wanted: wait.wanted,
    held: wait.held,
    queued_behind: wait.queued_behind,
    reader: isReader(interval, seen.watched),
    from_ms: from_ms - seen.run.from_ms,
    duration_ms: to_ms - from_ms,
  };
}

export type BlockedFacts = Pick<
  UnderLoadFacts,
  'sampling' | 'statements' | 'readers' | 'writers' | 'blocked' | 'held'
>;

/** What the migration did to those who worked meanwhile. */
export function blockedFacts(seen: SeenUnderLoad): BlockedFacts {
  const { run, watched, releases_ms, stalls } = seen;
  const within = (intervals: readonly Interval[]): readonly Interval[] =>
    intervals
      .map((interval) => ({ ...interval, from_ms: Math.max(interval.from_ms, run.from_ms) }))
      .filter(({ from_ms, to_ms }) => to_ms > from_ms);
  const intervals = within(intervalsOf(watched.looks, releases_ms)).filter((one) => isUser(one, watched));
  const own = within(
    intervalsOf(
      watched.looks.map(({ at_ms, own: waits }) => ({ at_ms, waits })),
      [],
    ),
  );
  const told = intervals.map((interval) => ({ interval, blocked: blockedOf(interval, seen) }));
  const awaited = new Set(told.map(({ blocked }) => blocked.relation));
  const summary = (reader: boolean, window: Window): BlockedSummary =>
    summaryOf(
      told.filter(({ blocked }) => blocked.reader === reader).map(({ interval }) => interval),
      stalls.filter((stall) => stall.reader === reader),
      window,
    );
  return {
    sampling: samplingOf(watched, run),
    statements: windowsOf(seen).map(
      ({ statement, ...window }): StatementUnderLoad => ({
        index: statement.index,
        duration_ms: statement.duration_ms,
        waited_ms: own.reduce((sum, interval) => sum + overlapMs(interval, window), 0),
        readers: summary(true, window),
        writers: summary(false, window),
      }),
    ),
    readers: summary(true, run),
    writers: summary(false, run),
    held: watched.held.map((held) => heldOf(held, seen, awaited)),
    blocked: told
      .map(({ blocked }) => blocked)
      .sort((left, right) => right.duration_ms - left.duration_ms)
      .slice(0, BLOCKED_MAX),
  };
}
