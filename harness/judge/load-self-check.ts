import type { LoadSecond, RecordOf, Timeline } from '#harness/core/timeline.ts';
import { EVIDENCE_MAX, type RuleVerdict } from '#harness/core/verdict.ts';
import { STEADY_SECONDS } from './rules/steady-before.ts';

/** How far the achieved rate may be from the offered one, in percent. */
const RATE_ERROR_MAX_PCT = 0.5;
/**
 * The generator's own 10 ms ticker may be this late in at most one of twenty seconds (or one, if fewer), in ms. Why
 * not less: with another scenario beside on the same two cores, a generator that keeps its rate and drops nothing is
 * 100 ms late once in ten seconds, and no time that is judged is promised to be more exact than half a second.
 */
const LAG_USUAL_MAX_MS = 200;
/** And never later than this, in ms: times of answers are promised to be exact to half a second. */
const LAG_MAX_MS = 500;
/** Shorter loads prove nothing, in seconds. */
const JUDGED_MIN_S = 5;

type SecondRecord = RecordOf<'load', 'second'>;

/** Whole seconds in which the generator is not held to its rate. */
export interface Excused {
  readonly from: number;
  readonly to: number;
}

/** One load of the run: what it was told, how it ended, and its seconds. */
interface Load {
  readonly started: RecordOf<'load', 'started'>;
  readonly ended: RecordOf<'load', 'ended'> | undefined;
  readonly seconds: readonly SecondRecord[];
}

/** What was found about one load: a problem, if any, with the records that prove it. */
interface Found {
  readonly problem?: string;
  /** The problem is that the machine kept the generator waiting. */
  readonly starved?: true;
  readonly measured?: string;
  readonly evidence: readonly number[];
}

/**
 * Whether the load was what the scenario offered. If not, no other rule has proven anything: the outcome is `pass` or
 * `inconclusive`, never `fail`, for the deployment stack is not to blame.
 *
 * Judged are the whole seconds from the end of the warm-up to the moment when the load was asked to end; requests in
 * progress at that moment count, because they were sent in time. While a cluster is rebuilt the generator competes with
 * the rebuild for the machine, and waits for answers that nobody gives: from a loss until the seconds that made up the
 * steady state afterwards every second must have been measured and every request have an answer or its absence recorded,
 * but the rate, dropped requests and lateness do not count. A generator that is late there sees the first good answer
 * late, so that it can make a recovery look longer only.
 */
export function loadSelfCheck(timeline: Timeline): RuleVerdict {
  const excused = excusedIn(timeline);
  const found = loadsOf(timeline).map((load) => judge(load, excused));
  const problems = found.flatMap(({ problem }) => problem ?? []);
  if (found.length === 0) problems.push('no load was measured');
  const measured = found.flatMap((one) => one.measured ?? []).join('; ');
  const evidence = found.flatMap((one) => one.evidence).slice(0, EVIDENCE_MAX);
  const broken = found.filter(({ problem }) => problem !== undefined);
  const starved = broken.length > 0 && broken.every((one) => one.starved === true);
  const left_out = excused === undefined ? '' : excusedText(timeline, excused);
  return {
    rule: 'load-self-check',
    promise: 'The load generator sent the offered load and measured every answer.',
    outcome: problems.length === 0 ? 'pass' : 'inconclusive',
    reason: problems.length === 0 ? `The load was as offered: ${measured}.` : `${problems.join('; ')}.`,
    limit: `rate within ${RATE_ERROR_MAX_PCT} %, 0 dropped, every second measured, late < ${LAG_USUAL_MAX_MS} ms in 95 % of seconds and never >= ${LAG_MAX_MS} ms`,
    ...(measured === '' ? {} : { measured }),
    ...(starved ? { starved } : {}),
    derivation: `judged from the end of the warm-up to the moment the load was asked to end; what was due before and answered then is no higher rate${left_out}`,
    evidence,
  };
}

function loadsOf(timeline: Timeline): readonly Load[] {
  const seconds = timeline.of('load', 'second');
  const ends = timeline.of('load', 'ended');
  return timeline.of('load', 'started').map((started) => ({
    started,
    ended: ends.find(({ subject }) => subject === started.subject),
    seconds: seconds.filter(({ subject }) => subject === started.subject),
  }));
}

/** From the loss of something that is to be recovered until the seconds that made up the steady state afterwards. */
export function excusedIn(timeline: Timeline): Excused | undefined {
  const destroyed = timeline.of('recovery', 'destroyed')[0];
  if (!destroyed) return undefined;
  const steady = timeline
    .of('harness', 'steady_state')
    .findLast(({ at, data }) => data.moment === 'after' && data.held && at > destroyed.at);
  const from = Math.floor(destroyed.at / 1000) * 1000;
  const to = steady ? Math.floor(steady.at / 1000 - STEADY_SECONDS) * 1000 : Infinity;
  return { from, to: Math.max(from, to) };
}

/** Whether a second is one of these. */
export function isExcused({ data }: SecondRecord, excused: Excused | undefined): boolean {
  return excused !== undefined && data.from >= excused.from && data.from < excused.to;
}

/** What was left out, and what it was like. */
function excusedText(timeline: Timeline, excused: Excused): string {
  const seconds = timeline.of('load', 'second').filter((second) => isExcused(second, excused));
  const lag_ms = seconds.reduce((most, { data }) => Math.max(most, data.lag_max_ms), 0);
  const sent = sum(seconds, (second) => second.iterations);
  const dropped = sum(seconds, (second) => second.dropped_iterations);
  return `, but for ${seconds.length} s from the loss until the service was steady again, in which ${sent} requests were sent, ${dropped} dropped, late max ${lag_ms.toFixed(1)} ms`;
}

function judge({ started, ended, seconds }: Load, excused: Excused | undefined): Found {
  const frame = [started.seq, ...(ended === undefined ? [] : [ended.seq])];
  const { rate_per_s, warm_up_s = 0 } = started.data;
  if (ended === undefined) return { problem: 'the end of the load is not recorded', evidence: frame };
  const from = Math.ceil(started.at / 1000 + warm_up_s) * 1000;
  const excused_ms = excused ? Math.max(0, Math.min(excused.to, ended.at) - Math.max(excused.from, from)) : 0;
  const judged_s = (ended.at - from - excused_ms) / 1000;
  const judged = seconds.filter((second) => second.data.from >= from && !isExcused(second, excused));
  const before = seconds.filter((second) => second.data.from < from);
  const count = sum(judged, (second) => second.iterations);
  const excess = count - rate_per_s * judged_s;
  const left_out = seconds.filter((second) => second.data.from >= from && isExcused(second, excused));
  const owed = owedByWarmUp(started, before, from) + owedWhileExcused(rate_per_s, left_out, excused_ms);
  const achieved_per_s = (count - Math.max(0, Math.min(owed, excess))) / judged_s;
  const whole = judged.filter(({ data }) => data.from + 1000 <= ended.at);
  const dropped = whole.filter(({ data }) => data.dropped_iterations > 0);
  const lags = whole.map(({ data }) => data.lag_max_ms).toSorted((left, right) => left - right);
  const lag_usual_ms = lags[lags.length - 1 - Math.ceil(lags.length / 20)] ?? Infinity;
  const lag_max_ms = lags.at(-1) ?? Infinity;
  const error_pct = (achieved_per_s / rate_per_s - 1) * 100;
  const dropped_count = sum(dropped, (second) => second.dropped_iterations);
  const answers = sum(seconds, answersIn);
  const iterations = sum(seconds, (second) => second.iterations);

  const problem = (text: string, evidence: readonly SecondRecord[] = []): Found => ({
    problem: text,
    evidence: [...frame, ...evidence.map(({ seq }) => seq)],
    ...(judged_s > 0 && Number.isFinite(lag_max_ms) ? { measured } : {}),
  });
  const measured =
    `${achieved_per_s.toFixed(1)} of ${rate_per_s} requests/s (${signed(error_pct)} %) for ${judged_s.toFixed(1)} s, ` +
    `${dropped_count} dropped, late usually <= ${lag_usual_ms.toFixed(1)} ms, max ${lag_max_ms.toFixed(1)} ms`;

  if (!ended.data.asked) return problem(`the load ended before it was asked to (${endingOf(ended)})`);
  if (ended.data.signal !== null)
    return problem(`the load was ended by ${ended.data.signal} and lost measurements`);
  if (judged_s < JUDGED_MIN_S)
    return problem(`the load ran only ${Math.max(0, judged_s).toFixed(1)} s after its warm-up`);
  const gap = gapIn(seconds, from, ended.at);
  if (gap !== undefined) return problem(gap);
  if (dropped_count > 0)
    return problem(`the load generator dropped ${dropped_count} requests that were due`, dropped);
  if (lag_max_ms >= LAG_MAX_MS || lag_usual_ms >= LAG_USUAL_MAX_MS) {
    const late = whole.filter(({ data }) => data.lag_max_ms >= LAG_USUAL_MAX_MS);
    const text = `the load generator was starved: late by ${lag_usual_ms.toFixed(1)} ms usually, max ${lag_max_ms.toFixed(1)} ms`;
    return { ...problem(text, late), starved: true };
  }
  if (Math.abs(error_pct) > RATE_ERROR_MAX_PCT) {
    return problem(`the load reached ${achieved_per_s.toFixed(1)} of ${rate_per_s} requests/s offered`);
  }
  if (answers !== iterations)
    return problem(`${iterations} requests were sent but ${answers} answers measured`);
  if (sum(whole, (second) => second.cpu_s) <= 0)
    return problem('the processor time of the load generator is unknown');
  return { measured, evidence: frame };
}

/**
 * Requests that were due in the warm-up and not answered in it. A stall at its end is made up for in the judged time, as far
 * as more are answered there than were due in it, and that is no higher rate.
 */
function owedByWarmUp(
  { at, data }: RecordOf<'load', 'started'>,
  before: readonly SecondRecord[],
  from: number,
): number {
  const { rate_per_s, warm_up_s = 0, warm_up_from_per_s = rate_per_s } = data;
  const warm_s = (from - at) / 1000 - warm_up_s;
  const due = ((warm_up_from_per_s + rate_per_s) / 2) * warm_up_s + rate_per_s * warm_s;
  return Math.max(0, due - sum(before, (second) => second.iterations));
}

/** The same of the time in which the generator was not held to its rate; what was dropped is not sent later. */
function owedWhileExcused(rate_per_s: number, left_out: readonly SecondRecord[], excused_ms: number): number {
  const sent = sum(left_out, ({ iterations, dropped_iterations }) => iterations + dropped_iterations);
  return Math.max(0, (rate_per_s * excused_ms) / 1000 - sent);
}

/** The first whole second of the window that is missing, or comes twice. */
function gapIn(seconds: readonly SecondRecord[], from: number, to: number): string | undefined {
  const times = new Map<number, number>();
  for (const { data } of seconds) times.set(data.from, (times.get(data.from) ?? 0) + 1);
  let missing = 0;
  for (let at = from; at + 1000 <= to; at += 1000) {
    const count = times.get(at) ?? 0;
    if (count > 1) return `the second ${new Date(at).toISOString()} of load was measured ${count} times`;
    if (count === 0) missing += 1;
  }
  return missing === 0 ? undefined : `${missing} s of load were not measured`;
}

function sum(records: readonly SecondRecord[], value: (second: LoadSecond) => number): number {
  return records.reduce((total, { data }) => total + value(data), 0);
}

function answersIn(second: LoadSecond): number {
  return second.series.reduce((total, { count }) => total + count, 0);
}

function endingOf({ data }: RecordOf<'load', 'ended'>): string {
  return data.signal ?? `exit code ${String(data.exit_code)}`;
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
}
