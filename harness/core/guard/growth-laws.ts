/** Laws by which a cost may grow, each held against measurements. */

/** A cost (a time, or bytes) at a number of rows. */
export interface GrowthPoint {
  readonly rows: number;
  readonly cost: number;
}

/** `fixed + scale * growth(rows)`. */
export interface Candidate {
  readonly exponent: number;
  /** Times the logarithm of the rows. */
  readonly logarithmic: boolean;
  /** Relative to the largest size, where it is 1. */
  readonly growth: (rows: number) => number;
}

export interface Fitted {
  readonly candidate: Candidate;
  /** Sum of the squares of the logarithms of what was measured by what the law says. */
  readonly squares: number;
  /** @param spread half an interval of the logarithm of one observation; 0 for the law itself */
  at(rows: number, spread: number): { readonly low: number; readonly high: number };
}

interface Fitting {
  readonly floor: number;
  /** There may be a cost that does not depend on the rows. */
  readonly has_fixed: boolean;
}

/** The two parameters of a law, not below 0. */
interface Scales {
  readonly fixed: number;
  readonly scale: number;
}

const EXPONENT_MAX = 3;
const STEPS_PER_ONE = 25;
const FINER = 8;
const ROUNDS = 30;
/** Squares that get no smaller than this have settled. */
const SETTLED = 1e-12;

function byLog(rows: number): number {
  return rows * Math.log(Math.max(rows, 2));
}

function power(exponent: number, most: number): Candidate {
  return { exponent, logarithmic: false, growth: (rows) => (rows / most) ** exponent };
}

function mostOf(points: readonly GrowthPoint[]): number {
  return Math.max(...points.map(({ rows }) => rows));
}

/** No growth, powers of the rows in steps of 0.04, and n log n. */
export function candidatesFor(points: readonly GrowthPoint[]): readonly Candidate[] {
  const most = mostOf(points);
  const powers = Array.from({ length: EXPONENT_MAX * STEPS_PER_ONE + 1 }, (_, step) =>
    power(step / STEPS_PER_ONE, most),
  );
  return [...powers, { exponent: 1, logarithmic: true, growth: (rows) => byLog(rows) / byLog(most) }];
}

/** Powers about one of the former, in steps of 0.005. */
export function finerCandidates(points: readonly GrowthPoint[], exponent: number): readonly Candidate[] {
  const most = mostOf(points);
  return Array.from({ length: 2 * FINER - 1 }, (_, step) => (step + 1 - FINER) / (FINER * STEPS_PER_ONE))
    .filter((off) => off !== 0 && exponent + off > 0)
    .map((off) => power(exponent + off, most));
}

export function fitCandidate(
  candidate: Candidate,
  points: readonly GrowthPoint[],
  { floor, has_fixed }: Fitting,
): Fitted {
  const { growth } = candidate;
  const plain = settle({ fixed: 0, scale: firstScale(points, growth) }, candidate, points, floor);
  // A power of 0 is a fixed cost itself.
  const is_fixed = has_fixed && candidate.exponent > 0;
  const least = Math.min(...points.map(({ cost }) => cost));
  const both = is_fixed
    ? settle(
        { fixed: Math.max(least, floor, Number.MIN_VALUE) / 2, scale: plain.scale },
        candidate,
        points,
        floor,
      )
    : plain;
  const plain_squares = squaresOf(plain, candidate, points, floor);
  const both_squares = squaresOf(both, candidate, points, floor);
  const chosen = both_squares < plain_squares ? both : plain;
  return {
    candidate,
    squares: Math.min(plain_squares, both_squares),
    at: (rows, spread) => {
      const law = chosen.fixed + chosen.scale * growth(rows) + floor;
      if (spread === 0) return { low: law - floor, high: law - floor };
      const leverage = leverageOf(chosen, candidate, { points, floor, rows });
      const low = law / Math.exp(spread * Math.sqrt(1 + leverage));
      // What is not known of both parameters adds to the law, what a run has of chance multiplies it.
      const high = law * (1 + spread * Math.sqrt(leverage)) * Math.exp(spread);
      return { low: Math.max(0, low - floor), high: high - floor };
    },
  };
}

function firstScale(points: readonly GrowthPoint[], growth: (rows: number) => number): number {
  const logs = points.flatMap(({ rows, cost }) => (cost > 0 ? [Math.log(cost / growth(rows))] : []));
  return logs.length === 0
    ? Number.MIN_VALUE
    : Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}

function squaresOf(
  { fixed, scale }: Scales,
  { growth }: Candidate,
  points: readonly GrowthPoint[],
  floor: number,
): number {
  return points.reduce(
    (sum, { rows, cost }) => sum + Math.log((cost + floor) / (fixed + scale * growth(rows) + floor)) ** 2,
    0,
  );
}

/** Rows of the matrix of derivatives by the logarithms of both parameters, so that neither falls below 0. */
function slopes({ fixed, scale }: Scales, growth: number, floor: number): readonly [number, number] {
  const law = fixed + scale * growth + floor;
  return [fixed / law, (scale * growth) / law];
}

/** The sums that both the steps and the leverage are made of. */
function sumsOf(
  scales: Scales,
  { growth }: Candidate,
  points: readonly GrowthPoint[],
  floor: number,
): Record<'aa' | 'ab' | 'bb' | 'ar' | 'br', number> {
  const sums = { aa: 0, ab: 0, bb: 0, ar: 0, br: 0 };
  for (const { rows, cost } of points) {
    const [a, b] = slopes(scales, growth(rows), floor);
    const left = Math.log((cost + floor) / (scales.fixed + scales.scale * growth(rows) + floor));
    sums.aa += a * a;
    sums.ab += a * b;
    sums.bb += b * b;
    sums.ar += a * left;
    sums.br += b * left;
  }
  return sums;
}

/** Steps of Gauss and Newton, halved while they do not help. */
function settle(first: Scales, candidate: Candidate, points: readonly GrowthPoint[], floor: number): Scales {
  let now = first;
  let squares = squaresOf(now, candidate, points, floor);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [by_fixed, by_scale] = stepFrom(sumsOf(now, candidate, points, floor));
    let better: Scales | undefined;
    let better_squares = squares;
    for (let part = 1; part > 1e-3 && better === undefined; part /= 2) {
      const tried = {
        fixed: now.fixed * Math.exp(part * by_fixed),
        scale: now.scale * Math.exp(part * by_scale),
      };
      const tried_squares = squaresOf(tried, candidate, points, floor);
      if (tried_squares < squares) {
        better = tried;
        better_squares = tried_squares;
      }
    }
    if (better === undefined) return now;
    const gained = squares - better_squares;
    now = better;
    squares = better_squares;
    if (gained < SETTLED * (1 + squares)) return now;
  }
  return now;
}

/** No step is longer than a factor of e to the 3. */
const STEP_MAX = 3;

function cut(step: number): number {
  return Math.max(-STEP_MAX, Math.min(STEP_MAX, step));
}

function stepFrom({ aa, ab, bb, ar, br }: ReturnType<typeof sumsOf>): readonly [number, number] {
  const determinant = aa * bb - ab * ab;
  // One of both does not count, or they cannot be told apart.
  if (determinant <= 1e-12 * aa * bb || aa === 0) return [0, bb === 0 ? 0 : cut(br / bb)];
  return [cut((bb * ar - ab * br) / determinant), cut((aa * br - ab * ar) / determinant)];
}

function leverageOf(
  scales: Scales,
  candidate: Candidate,
  {
    points,
    floor,
    rows,
  }: { readonly points: readonly GrowthPoint[]; readonly floor: number; readonly rows: number },
): number {
  const { aa, ab, bb } = sumsOf(scales, candidate, points, floor);
  const [a, b] = slopes(scales, candidate.growth(rows), floor);
  const determinant = aa * bb - ab * ab;
  if (determinant <= 1e-12 * aa * bb || aa === 0) return bb === 0 ? 0 : (b * b) / bb;
  return (bb * a * a - 2 * ab * a * b + aa * b * b) / determinant;
}
