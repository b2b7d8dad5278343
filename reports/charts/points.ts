import { quantileMs } from '#harness/core/histogram.ts';
import { SIGMAS, shareDeviation } from '#harness/judge/budgets.ts';
import { type AnswerKind, type Answers, type Bin, perSecond } from '../model/answers.ts';
import type { RunFacts } from '../model/run-facts.ts';
import type { ColourName } from './palette.ts';

/** A point of a line: seconds from the origin and a value; null interrupts the line, because nothing was measured. */
export type Point = [number, number | null];

/** Answers that a chart draws as one band. */
export interface Band {
  readonly label: string;
  readonly colour: ColourName;
  readonly bad: boolean;
  readonly keys: readonly string[];
}

/** Fewest answers of a bin for which a quantile is drawn: below, it would be the noise of single requests. */
const ANSWERS_FOR_P50 = 5;
const ANSWERS_FOR_P95 = 20;

/** Seconds from the origin. */
export function offset_s(facts: RunFacts, at: number): number {
  return (at - facts.origin) / 1000;
}

/** A line through bins, with a gap wherever time was not measured. */
function lineThrough(
  facts: RunFacts,
  bins: readonly Bin[],
  pointsOf: (bin: Bin) => readonly Point[],
): Point[] {
  const points: Point[] = [];
  let end: number | undefined;
  for (const bin of bins) {
    // Ends and starts of neighbouring seconds differ by the timer's error, which is not a gap.
    if (end !== undefined && bin.from - end > 500) points.push([offset_s(facts, end), null]);
    points.push(...pointsOf(bin));
    end = bin.to;
  }
  return points;
}

/** A level line: each bin holds its value over its width, and unmeasured time is a gap. */
export function levels(
  facts: RunFacts,
  bins: readonly Bin[],
  value: (bin: Bin) => number | undefined,
): Point[] {
  return lineThrough(facts, bins, (bin) => {
    const found = value(bin) ?? null;
    return [
      [offset_s(facts, bin.from), found],
      [offset_s(facts, bin.to), found],
    ];
  });
}

/** One point in the middle of each bin, with gaps. */
export function middles(
  facts: RunFacts,
  bins: readonly Bin[],
  value: (bin: Bin) => number | undefined,
): Point[] {
  return lineThrough(facts, bins, (bin) => [[offset_s(facts, (bin.from + bin.to) / 2), value(bin) ?? null]]);
}

/** The declared weight as steps, held until the end of the axis. */
export function declaredWeight(facts: RunFacts): Point[] {
  return heldWeights(facts, facts.weights);
}

/** Weights as steps, each held until the next, the last until the end of the axis. */
export function heldWeights(facts: RunFacts, weights: RunFacts['weights']): Point[] {
  const points: Point[] = [];
  let held: number | undefined;
  for (const { at, canary_pct } of weights) {
    if (held !== undefined) points.push([offset_s(facts, at), held]);
    points.push([offset_s(facts, at), canary_pct]);
    held = canary_pct;
  }
  if (held !== undefined) points.push([offset_s(facts, facts.last_at), held]);
  return points;
}

/** Share of a bin's answers that came from the next release, in percent. */
export function measuredShare_pct(facts: RunFacts, bin: Bin): number | undefined {
  // Once the primary runs the next release too, an answer no longer tells which way it went.
  if (facts.promoting_at !== undefined && bin.to > facts.promoting_at) return undefined;
  const answered = bin.total - (bin.by_release.get('none') ?? 0);
  if (answered === 0 || facts.next_release === undefined) return undefined;
  return ((bin.by_release.get(facts.next_release) ?? 0) / answered) * 100;
}

/** Lower and upper bound of the share that the declared weights of a bin allow, by chance alone. */
export function allowedShare_pct(facts: RunFacts, bin: Bin): readonly [number, number] | undefined {
  const before = facts.weights.findLast((change) => change.at <= bin.from);
  const within = facts.weights.filter((change) => change.at > bin.from && change.at <= bin.to);
  const declared = [...(before ? [before] : []), ...within].map((change) => change.canary_pct);
  if (declared.length === 0 || bin.total === 0) return undefined;
  const bounds = declared.map((pct) => {
    const chance = SIGMAS * shareDeviation(pct / 100, bin.total) * 100;
    return [Math.max(0, pct - chance), Math.min(100, pct + chance)] as const;
  });
  return [Math.min(...bounds.map(([low]) => low)), Math.max(...bounds.map(([, high]) => high))];
}

/** The bands of answers from the quiet ones to the harmful ones. */
export function bandsOf(facts: RunFacts, kinds: readonly AnswerKind[]): readonly Band[] {
  const stable = facts.stable_release;
  const bands = new Map<
    string,
    { label: string; colour: ColourName; bad: boolean; keys: string[]; codes: number[] }
  >();
  for (const kind of kinds) {
    const known = kind.release === stable ? 'stable' : kind.release === facts.next_release ? 'next' : 'other';
    const none = kind.status === 0;
    const name = kind.bad ? `bad ${kind.release} ${kind.status}` : `good ${kind.release}`;
    const colour: ColourName = none ? 'badSoft' : kind.bad ? 'bad' : known;
    const band = bands.get(name) ?? {
      label: none ? 'no answer' : kind.release,
      colour,
      bad: kind.bad,
      keys: [],
      codes: [],
    };
    band.keys.push(kind.key);
    if (!none && !band.codes.includes(kind.status)) band.codes.push(kind.status);
    bands.set(name, band);
  }
  const order: readonly ColourName[] = ['stable', 'other', 'next', 'bad', 'badSoft'];
  return [...bands.values()]
    .sort(
      (left, right) =>
        order.indexOf(left.colour) - order.indexOf(right.colour) || (left.label < right.label ? -1 : 1),
    )
    .map(({ label, colour, bad, keys, codes }) => ({
      label:
        codes.length === 0
          ? label
          : `${label} \u2192 ${codes.sort((left, right) => left - right).join(', ')}${bad ? ' bad' : ''}`,
      colour,
      bad,
      keys,
    }));
}

/** Rate of a band in a bin, per second. */
export function rateOf(bin: Bin, band: Band): number {
  return perSecond(
    bin,
    band.keys.reduce((sum, key) => sum + (bin.counts.get(key) ?? 0), 0),
  );
}

/** A latency quantile of one release, where enough answers carry it. */
export function latencyLine(
  facts: RunFacts,
  answers: Answers,
  release: string,
  quantile: 0.5 | 0.95,
): Point[] {
  const least = quantile === 0.5 ? ANSWERS_FOR_P50 : ANSWERS_FOR_P95;
  return middles(facts, answers.bins, (bin) => {
    const histogram = bin.latency.get(release);
    return histogram && histogram.count >= least ? quantileMs(histogram, quantile) : undefined;
  });
}
