/** From looks at the locks to the times that sessions were blocked. */
import type { BlockedSummary } from '#harness/core/guard/load-facts.ts';
import type { Wait } from './blocked-waits.ts';

/** Who waited at one time. */
export interface WaitsAt {
  readonly at_ms: number;
  readonly waits: readonly Wait[];
}

/** One wait of one session, from its beginning to its end. */
export interface Interval {
  readonly wait: Wait;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** A stretch of time. */
export interface Window {
  readonly from_ms: number;
  readonly to_ms: number;
}

function middle(one: number, other: number): number {
  return (one + other) / 2;
}

/**
 * When a wait ended of which one look saw the last and the next one saw nothing. Where the migration gave locks up in
 * between, it was then.
 */
function endBetween(last_ms: number, next_ms: number, releases_ms: readonly number[]): number {
  return releases_ms.find((at_ms) => at_ms >= last_ms && at_ms <= next_ms) ?? middle(last_ms, next_ms);
}

interface Open {
  readonly wait: Wait;
  readonly from_ms: number;
  last_ms: number;
}

/**
 * The waits that looks saw. The server tells when a wait began (since PostgreSQL 14), so only its end is uncertain: it lies
 * between two looks and is put in the middle, half a gap off at most. What begins and ends between two looks is not seen.
 * A wait that somebody else caused at first counts from when the migration did.
 *
 * @param looks in the order of time
 * @param releases_ms when the migration gave up locks: at the end of each of its transactions
 */
export function intervalsOf(looks: readonly WaitsAt[], releases_ms: readonly number[]): readonly Interval[] {
  const open = new Map<string, Open>();
  const ended: Interval[] = [];
  let before_ms: number | undefined;
  for (const { at_ms, waits } of looks) {
    const seen = new Set(waits.map(({ id }) => id));
    for (const [id, { wait, from_ms, last_ms }] of open) {
      if (seen.has(id)) continue;
      open.delete(id);
      ended.push({ wait, from_ms, to_ms: endBetween(last_ms, at_ms, releases_ms) });
    }
    for (const wait of waits) {
      const known = open.get(wait.id);
      if (known) known.last_ms = at_ms;
      else open.set(wait.id, { wait, from_ms: beginOf(wait, at_ms, before_ms), last_ms: at_ms });
    }
    before_ms = at_ms;
  }
  for (const { wait, from_ms, last_ms } of open.values()) ended.push({ wait, from_ms, to_ms: last_ms });
  return ended.sort((left, right) => left.from_ms - right.from_ms);
}

function beginOf({ since_ms }: Wait, at_ms: number, before_ms: number | undefined): number {
  if (before_ms === undefined) return since_ms ?? at_ms;
  return since_ms !== undefined && since_ms >= before_ms ? since_ms : middle(before_ms, at_ms);
}

/** The part of a span within a window, in ms. */
export function overlapMs(span: Window, window: Window): number {
  return Math.max(0, Math.min(span.to_ms, window.to_ms) - Math.max(span.from_ms, window.from_ms));
}

/**
 * What a window of time was to those who waited in it.
 * @param stalls of the same clients, as they saw it
 */
export function summaryOf(
  intervals: readonly Interval[],
  stalls: readonly Window[],
  window: Window,
): BlockedSummary {
  const within = intervals.filter((interval) => overlapMs(interval, window) > 0);
  const lengths = within.map((interval) => overlapMs(interval, window));
  return {
    longest_ms: Math.max(0, ...lengths),
    total_ms: lengths.reduce((sum, length) => sum + length, 0),
    sessions: new Set(within.map(({ wait }) => wait.pid)).size,
    stall_ms: Math.max(0, ...stalls.map((stall) => overlapMs(stall, window))),
  };
}
