/** The standard normal distribution, as exact as tests of significance need it: relative error under 1e-11. */

const SERIES_BELOW = 2.5;
const PRECISION = 1e-17;
const TERMS_MAX = 500;

/** Complementary error function of an argument of at least 0 (https://dlmf.nist.gov/7.6.1 and 7.9.2). */
function erfcPositive(x: number): number {
  if (x < SERIES_BELOW) {
    let term = x;
    let sum = x;
    for (let n = 1; n < TERMS_MAX && Math.abs(term) > PRECISION * sum; n += 1) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  // The continued fraction, evaluated from behind; so far out it needs few terms.
  let fraction = 0;
  for (let n = 120; n >= 1; n -= 1) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}

/** Probability that a standard normal variable is above `z`. */
export function normalUpperTail(z: number): number {
  if (z === Number.POSITIVE_INFINITY) return 0;
  if (z === Number.NEGATIVE_INFINITY) return 1;
  const half = erfcPositive(Math.abs(z) / Math.SQRT2) / 2;
  return z >= 0 ? half : 1 - half;
}

/** The value that a standard normal variable exceeds with the given probability, which is above 0 and below 1. */
export function normalUpperQuantile(tail: number): number {
  let low = -40;
  let high = 40;
  // Halving the interval is exact enough and has no case that needs care.
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (normalUpperTail(middle) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
