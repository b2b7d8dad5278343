/**
 * Exact probabilities of the binomial distribution, by the regularised incomplete beta function
 * (https://dlmf.nist.gov/8.17): P(X <= k) = I_{1-p}(n - k, k + 1).
 */

/** Lanczos approximation, g = 7, nine coefficients: relative error under 1e-13 for positive arguments. */
const LANCZOS: readonly number[] = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function, for arguments of at least 0.5. */
export function logGamma(x: number): number {
  const shifted = x - 1;
  const base = shifted + 7.5;
  const series = LANCZOS.reduce(
    (sum, coefficient, index) => sum + coefficient / (shifted + index + 1),
    0.99999999999980993,
  );
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series);
}

/** Keeps the continued fraction from dividing by zero. */
const TINY = 1e-300;
const PRECISION = 1e-14;
const TERMS_MAX = 10_000;

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz' method. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= TERMS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

/** Regularised incomplete beta function I_x(a, b). */
function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on one side of the mean only; symmetry gives the other.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Probability of at most `k` hits in `n` independent trials that each hit with probability `p`. */
export function atMostHits(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return regularisedBeta(1 - p, n - k, k + 1);
}

/** Probability of at least `k` hits. */
export function atLeastHits(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return regularisedBeta(p, k, n - k + 1);
}

/** Smallest integer in [low, high] that holds; `high` when none does. The condition must hold from some point on. */
function firstHolding(low: number, high: number, holds: (value: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Counts that a fair test accepts: outside, each side has a probability under half of `false_alarm`. */
export interface AcceptedHits {
  readonly least: number;
  readonly most: number;
}

/** The exact two-sided test of `p` on `n` trials, which rejects a true `p` with at most the probability `false_alarm`. */
export function acceptedHits(n: number, p: number, false_alarm: number): AcceptedHits {
  const side = false_alarm / 2;
  return {
    least: firstHolding(0, n, (k) => atMostHits(k, n, p) >= side),
    most: firstHolding(0, n, (k) => atLeastHits(k + 1, n, p) < side),
  };
}

/** Probability that the test of `p` on `n` trials notices that the true probability is `truth`. */
export function powerAgainst(truth: number, n: number, p: number, false_alarm: number): number {
  const { least, most } = acceptedHits(n, p, false_alarm);
  return atMostHits(least - 1, n, truth) + atLeastHits(most + 1, n, truth);
}

/** What a test of a share must be able to do. */
export interface TestPlan {
  /** The share that is tested. */
  readonly share: number;
  /** The error that it must find, in either direction. */
  readonly shift: number;
  readonly false_alarm: number;
  /** Probability with which it must find it. */
  readonly power: number;
}

/** Smallest power against a share that is off by `shift` in either direction, as far as that is a share at all. */
export function powerOf({ share, shift, false_alarm }: Omit<TestPlan, 'power'>, n: number): number {
  const truths = [share - shift, share + shift].filter((truth) => truth >= 0 && truth <= 1);
  return Math.min(...truths.map((truth) => powerAgainst(truth, n, share, false_alarm)));
}

/** More trials than this no scenario makes. */
const TRIALS_MAX = 10_000_000;
/** Power is not quite monotonous in the number of trials, because hits are whole numbers: this many per cent more. */
const RIPPLE_PCT = 2;

/** Number of trials from which the test does what is asked of it. */
export function trialsFor(plan: TestPlan): number {
  const least = firstHolding(1, TRIALS_MAX, (n) => powerOf(plan, n) >= plan.power);
  return Math.ceil(least * (1 + RIPPLE_PCT / 100));
}
