/** How a cost grows with the rows, and what it would be at another size. */
import {
  type Candidate,
  candidatesFor,
  finerCandidates,
  fitCandidate,
  type Fitted,
  type GrowthPoint,
} from './growth-laws.ts';
import { studentQuantile } from './student.ts';

export type { GrowthPoint } from './growth-laws.ts';

export interface Extrapolation {
  readonly value: number;
  /** The cost is between both with the confidence of the fit. */
  readonly low: number;
  readonly high: number;
}

export interface GrowthFit {
  /** Of the rows, beside what it costs whatever the rows are: 0 does not grow, 1 is linear. */
  readonly exponent: number;
  /** The least and the largest that the measurements allow. */
  readonly exponent_low: number;
  readonly exponent_high: number;
  /** Laws with a name that the measurements allow. */
  readonly laws: ReadonlySet<GrowthLaw>;
  at(rows: number): Extrapolation;
}

export type GrowthLaw = 'constant' | 'linear' | 'n log n' | 'square';

/** `worse` and `less` only where all that the measurements allow is on that side of linear. */
export type GrowthShape = 'none' | 'less than linear' | 'linear' | 'n log n' | 'worse than linear' | 'unsure';

export interface GrowthOptions {
  /** Of the cost: so much is the noise of a run, whatever it costs. */
  readonly floor?: number;
  readonly confidence?: number;
}

/** Of the interval of an exponent that is taken for linear: caches and the depth of trees are worth that much. */
const LINEAR = { low: 0.8, high: 1.2 } as const;
/** From an exponent that is certainly no larger the cost may be linear, and certainly is not much worse. */
const UNSURE = { low: 0.3, high: 2 } as const;
const CONFIDENCE = 0.95;
/** Nothing is told more exactly than this share: pages are filled in steps, and a law is never met to the last digit. */
const NOISE_MIN = 0.01;
/** A law that multiplies the least cost by no more from the smallest size to the largest is as good as none. */
const FLAT = 2;
/** What it costs whatever the rows are can be told from growth by so many sizes. */
const SIZES_FOR_FIXED = 4;

const NAMED: readonly (readonly [GrowthLaw, (candidate: Candidate) => boolean])[] = [
  ['constant', ({ exponent }) => exponent === 0],
  ['linear', ({ exponent, logarithmic }) => exponent === 1 && !logarithmic],
  ['n log n', ({ logarithmic }) => logarithmic],
  ['square', ({ exponent }) => exponent === 2],
];

/**
 * Holds a fixed cost and a power of the rows against the measurements, for each exponent up to 3 and for n log n, by least
 * squares of the logarithms. Allowed is what does not fit worse than the best one by more than chance explains (the F test of
 * one further parameter: Draper and Smith, Applied Regression Analysis, 3rd ed., 24.6, "exact" region by the sum of squares).
 * What is told of another size spans all laws that are allowed, each with the interval of a further observation. Without the
 * fixed cost, which a plain fit of a power leaves out, a small table would hide how a large one grows. Where no growth at all is
 * allowed too, and little was seen, none that is worse than linear is reckoned with.
 * @returns undefined where fewer than three points or two sizes leave nothing to tell an error from
 */
export function fitGrowth(
  points: readonly GrowthPoint[],
  { floor = 0, confidence = CONFIDENCE }: GrowthOptions = {},
): GrowthFit | undefined {
  const seen = points.filter(({ rows, cost }) => rows > 0 && cost + floor > 0);
  const sizes = new Set(seen.map(({ rows }) => rows)).size;
  if (seen.length < 3 || sizes < 2) return undefined;
  const has_fixed = sizes >= SIZES_FOR_FIXED && seen.length > SIZES_FOR_FIXED;
  const degrees = seen.length - (has_fixed ? 3 : 2);
  const fit = (candidate: Candidate): Fitted => fitCandidate(candidate, seen, { floor, has_fixed });
  const coarse = candidatesFor(seen).map(fit);
  const near = bestOf(coarse.filter(({ candidate }) => !candidate.logarithmic));
  const fitted = [...coarse, ...finerCandidates(seen, near?.candidate.exponent ?? 1).map(fit)];
  const best = bestOf(fitted);
  if (best === undefined) return undefined;
  const deviation = Math.max(NOISE_MIN, Math.sqrt(best.squares / degrees));
  const t = studentQuantile((1 - confidence) / 2, degrees);
  const allowed = fitted.filter(({ squares }) => squares <= best.squares + (t * deviation) ** 2);
  const rows_seen = seen.map(({ rows }) => rows);
  const [small, large] = [Math.min(...rows_seen), Math.max(...rows_seen)] as const;
  const is_flat = best.at(large, 0).high + floor < FLAT * (best.at(small, 0).high + floor);
  const laws = new Set(
    NAMED.flatMap(([name, is]) =>
      (name !== 'constant' || is_flat) && allowed.some(({ candidate }) => is(candidate)) ? [name] : [],
    ),
  );
  const powers = allowed.filter(({ candidate }) => !candidate.logarithmic);
  const best_power = bestOf(fitted.filter(({ candidate }) => !candidate.logarithmic)) ?? best;
  const exponents = [best_power, ...powers].map(({ candidate }) => candidate.exponent);
  const reckoned = laws.has('constant')
    ? allowed.filter(({ candidate }) => candidate.exponent <= 1 && !candidate.logarithmic)
    : allowed;
  const told = reckoned.includes(best) ? best : (bestOf(reckoned) ?? best);
  return {
    exponent: best_power.candidate.exponent,
    exponent_low: Math.min(...exponents),
    exponent_high: Math.max(...exponents),
    laws,
    at: (rows) => {
      const { low, high } = endsAt(reckoned, rows, t * deviation);
      // No cost falls with the rows: beyond the largest size it is at least what it is there.
      const least = large < rows ? endsAt(reckoned, large, t * deviation).low : 0;
      return { value: told.at(rows, 0).high, low: Math.max(low, least), high };
    },
  };
}

/** What all of them allow at a size. */
function endsAt(
  laws: readonly Fitted[],
  rows: number,
  spread: number,
): { readonly low: number; readonly high: number } {
  const ends = laws.map((one) => one.at(rows, spread));
  return { low: Math.min(...ends.map(({ low }) => low)), high: Math.max(...ends.map(({ high }) => high)) };
}

function bestOf(fitted: readonly Fitted[]): Fitted | undefined {
  let best: Fitted | undefined;
  for (const one of fitted) if (best === undefined || one.squares < best.squares) best = one;
  return best;
}

export function shapeOf({ exponent, exponent_low, exponent_high, laws }: GrowthFit): GrowthShape {
  if (laws.has('constant')) return 'none';
  if (exponent_low > LINEAR.high) return 'worse than linear';
  if (exponent_high < LINEAR.low) return 'less than linear';
  const is_near = exponent >= LINEAR.low && exponent <= LINEAR.high;
  if (!is_near || exponent_low < UNSURE.low || exponent_high > UNSURE.high) return 'unsure';
  return laws.has('n log n') && !laws.has('linear') ? 'n log n' : 'linear';
}

/** 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? 0) + upper) / 2;
}
