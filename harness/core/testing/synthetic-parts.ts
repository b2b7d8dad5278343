import {
  type AnswerSeries,
  type Draft,
  type EpochMs,
  LATENCY_BOUNDS_MS,
  type TimelineRecord,
} from '../timeline.ts';

/** A draft with its time: what a synthetic run is put together from. */
export type Timed = Draft & { readonly at: EpochMs };

/** When synthetic runs start. */
export const START_AT = Date.UTC(2026, 0, 15, 10);

/** A moment of such a run. */
export const after = (seconds: number): EpochMs => START_AT + seconds * 1000;

/** Gives records that came from several sources their order in time and their place in the run. */
export function numbered(records: readonly Timed[]): TimelineRecord[] {
  const ordered = [...records].sort((left, right) => left.at - right.at);
  const placed: TimelineRecord[] = [];
  for (const record of ordered) placed.push({ seq: placed.length + 1, ...record });
  return placed;
}

/** An observer that watched from one moment to another. */
export function observer(subject: string, from: EpochMs, to: EpochMs): Timed[] {
  return [
    { at: from, source: 'harness', kind: 'observer', subject, data: { state: 'started' } },
    { at: to, source: 'harness', kind: 'observer', subject, data: { state: 'ended' } },
  ];
}

/** A phase of the harness that went to its end. */
export function phase(subject: string, from: EpochMs, to: EpochMs): Timed[] {
  return [
    { at: from, source: 'harness', kind: 'phase', subject, data: { state: 'started' } },
    { at: to, source: 'harness', kind: 'phase', subject, data: { state: 'done' } },
  ];
}

export function steady(at: EpochMs, moment: 'before' | 'after', held = true): Timed {
  const reason = held ? '300.0 of 300 answers/s, 0 bad' : '290.1 of 300 answers/s, 12 bad';
  return { at, source: 'harness', kind: 'steady_state', subject: 'shop', data: { moment, held, reason } };
}

/** Answers of one second: how many of which release, and whether they were bad. */
export interface Answers {
  readonly release: string;
  readonly count: number;
  readonly bad?: boolean;
  readonly status?: number;
  readonly route?: string;
  readonly group?: string;
}

function series(
  from: EpochMs,
  { release, count, bad = false, status, route = 'GET /', group }: Answers,
): AnswerSeries {
  const buckets = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
  buckets[24] = count;
  return {
    release,
    status: status ?? (bad ? 500 : 200),
    route,
    bad,
    ...(group === undefined ? {} : { group }),
    count,
    sum_ms: count * 1.5,
    max_ms: 3,
    buckets,
    first_at: from + 2,
    last_at: from + 998,
  };
}

/** A whole load of even seconds, each with what `answers` gives for its start; ended when it was asked to. */
export function load(
  from: EpochMs,
  seconds: number,
  answers: (from: EpochMs) => readonly Answers[],
): Timed[] {
  const subject = 'run';
  const rate_per_s = answers(from).reduce((sum, one) => sum + one.count, 0);
  const records: Timed[] = [
    {
      at: from,
      source: 'load',
      kind: 'started',
      subject,
      data: { profile: 'steady-300', rate_per_s, duration_s: 900, url: 'http://127.0.0.1:30080' },
    },
  ];
  for (let second = 0; second < seconds; second += 1) {
    const begun = from + second * 1000;
    records.push({
      at: begun + 1000,
      source: 'load',
      kind: 'second',
      subject,
      data: {
        from: begun,
        series: answers(begun)
          .filter((one) => one.count > 0)
          .map((one) => series(begun, one)),
        iterations: answers(begun).reduce((sum, one) => sum + one.count, 0),
        dropped_iterations: 0,
        vus: 300,
        lag_max_ms: 2,
        cpu_s: 0.05,
      },
    });
  }
  const data = { exit_code: 0, signal: null, asked: true } as const;
  return [...records, { at: from + seconds * 1000, source: 'load', kind: 'ended', subject, data }];
}

/** One change of an object. */
export function object(
  at: EpochMs,
  subject: string,
  verb: 'listed' | 'added' | 'modified' | 'deleted',
  fields: Readonly<Record<string, string | number | boolean>>,
): Timed {
  const data = { verb, resource_version: String(at), generation: 1, fields };
  return { at, source: 'kubernetes', kind: 'object', subject, data };
}
