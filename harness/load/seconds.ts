import * as v from 'valibot';
import { messageOf } from '#harness/core/errors.ts';
import type { PlacedOrderFact } from '#harness/core/recovery.ts';
import { LATENCY_BOUNDS_MS, type LoadSecond } from '#harness/core/timeline.ts';

const amount = v.pipe(v.number(), v.minValue(0));
const whole = v.pipe(amount, v.integer());

/** One line of the generator. It is our own, but a generator of another version would be believed otherwise. */
const SECOND = v.strictObject({
  from: v.pipe(whole, v.multipleOf(1000)),
  series: v.array(
    v.strictObject({
      release: v.string(),
      status: whole,
      route: v.string(),
      bad: v.boolean(),
      group: v.exactOptional(v.string()),
      count: whole,
      sum_ms: amount,
      max_ms: amount,
      buckets: v.pipe(v.array(whole), v.length(LATENCY_BOUNDS_MS.length + 1)),
      first_at: amount,
      last_at: amount,
    }),
  ),
  iterations: whole,
  dropped_iterations: whole,
  vus: whole,
  lag_max_ms: amount,
  cpu_s: amount,
  machine_idle_s: amount,
  begun_at: amount,
  orders: v.exactOptional(
    v.array(
      v.strictObject({
        id: v.pipe(v.string(), v.nonEmpty()),
        content_hash: v.string(),
        at: amount,
        outcome: v.picklist(['accepted', 'refused', 'unknown']),
      }),
    ),
  ),
});

/**
 * A second of load, and the orders that were answered in it: none where the load does not remember them. `begun_at` is
 * the moment from which requests were due; 0 where none was sent yet.
 */
export interface MeasuredSecond {
  readonly second: LoadSecond;
  readonly orders: readonly PlacedOrderFact[];
  readonly begun_at: number;
}

/** A line that is not a second of load, with what is wrong with it. */
export class LineError extends Error {}

/**
 * Reads one line of the generator.
 * @throws LineError when it is not what the timeline wants
 */
export function parseSecond(line: string): MeasuredSecond {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (thrown) {
    throw new LineError(
      `the generator wrote a line that is not JSON (${messageOf(thrown)}): ${line.slice(0, 200)}`,
    );
  }
  const result = v.safeParse(SECOND, value, { abortEarly: true });
  if (result.success) {
    const { orders = [], begun_at, ...second } = result.output;
    return { second, orders, begun_at };
  }
  const [issue] = result.issues;
  throw new LineError(
    `the generator wrote a line with ${v.getDotPath(issue) ?? 'a record'}: ${issue.message}`,
  );
}

/** Answers of a second, by goodness. */
export function countAnswers(seconds: readonly LoadSecond[]): {
  readonly answers: number;
  readonly bad: number;
} {
  let answers = 0;
  let bad = 0;
  for (const second of seconds) {
    for (const series of second.series) {
      answers += series.count;
      if (series.bad) bad += series.count;
    }
  }
  return { answers, bad };
}

/** One second as a person reads it while waiting. */
export function describeSecond(second: LoadSecond): string {
  const { answers, bad } = countAnswers([second]);
  const releases = new Map<string, number>();
  for (const { release, count } of second.series) releases.set(release, (releases.get(release) ?? 0) + count);
  const split = [...releases].map(([release, count]) => `${release} ${count}`).join(', ');
  const dropped = second.dropped_iterations > 0 ? `, ${second.dropped_iterations} dropped` : '';
  return `${answers} answers/s, ${bad} bad${dropped}${split ? ` (${split})` : ''}`;
}
