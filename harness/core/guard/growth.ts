/** How a cost grows with the rows, and what it would be at another size. */

/** A cost (a time, or bytes of the log) at a number of rows; both above 0. */
export interface GrowthPoint {
  readonly rows: number;
  readonly cost: number;
}

export interface Extrapolation {
  readonly value: number;
  /** The cost is between `value / factor` and `value * factor` with the confidence of the fit. */
  readonly factor: number;
}

export interface GrowthFit {
  /** Of the power law: 0 does not grow, 1 is linear. */
  readonly exponent: number;
  /** Interval of the exponent. */
  readonly exponent_low: number;
  readonly exponent_high: number;
  at(rows: number): Extrapolation;
}

/** `worse` and `less` only where the whole interval of the exponent is on that side of linear. */
export type GrowthShape = 'less than linear' | 'linear' | 'worse than linear' | 'unsure';

/** Of the interval of an exponent that is taken for linear: caches and the depth of trees are worth that much. */
const LINEAR = { low: 0.8, high: 1.2 } as const;
const CONFIDENCE = 0.95;

/**
 * Least squares of the logarithms, with the t interval of the slope and of a further observation (Draper and Smith, Applied
 * Regression Analysis, 3rd ed., 1.4 and 3.1; https://www.itl.nist.gov/div898/handbook/pmd/section5/pmd521.htm). Three points
 * leave one degree of freedom, for which t is 12.7 at 95 %: what they say of another size is honest and wide. More runs of
 * each size make it narrow.
 * @returns undefined where fewer than three points or two sizes leave nothing to tell an error from
 */
export function fitGrowth(points: readonly GrowthPoint[], confidence = CONFIDENCE): GrowthFit | undefined {
  const seen = points.filter(({ rows, cost }) => rows > 0 && cost > 0);
  const n = seen.length;
  const xs = seen.map(({ rows }) => Math.log(rows));
  const ys = seen.map(({ cost }) => Math.log(cost));
  const x_mean = mean(xs);
  const y_mean = mean(ys);
  const sxx = xs.reduce((sum, x) => sum + (x - x_mean) ** 2, 0);
  if (n < 3 || new Set(xs).size < 2) return undefined;
  const exponent = xs.reduce((sum, x, place) => sum + (x - x_mean) * ((ys[place] ?? 0) - y_mean), 0) / sxx;
  const left = xs.reduce(
    (sum, x, place) => sum + ((ys[place] ?? 0) - y_mean - exponent * (x - x_mean)) ** 2,
    0,
  );
  const deviation = Math.sqrt(left / (n - 2));
  const t = studentQuantile((1 - confidence) / 2, n - 2);
  const half = t * (deviation / Math.sqrt(sxx));
  return {
    exponent,
    exponent_low: exponent - half,
    exponent_high: exponent + half,
    at: (rows) => {
      const off = Math.log(rows) - x_mean;
      const spread = deviation * Math.sqrt(1 + 1 / n + off ** 2 / sxx);
      return { value: Math.exp(y_mean + exponent * off), factor: Math.exp(t * spread) };
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function shapeOf({ exponent, exponent_low, exponent_high }: GrowthFit): GrowthShape {
  if (exponent_low > LINEAR.high) return 'worse than linear';
  if (exponent_high < LINEAR.low) return 'less than linear';
  const is_near = exponent >= LINEAR.low && exponent <= LINEAR.high;
  return is_near && exponent_low > 0 && exponent_high < 2 ? 'linear' : 'unsure';
}

/**
 * Probability that Student's t with so many whole degrees of freedom is above `t`, in closed form (Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
 */
export function studentUpperTail(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const is_odd = degrees % 2 === 1;
  let term = is_odd ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = is_odd ? 3 : 2; k < degrees; k += 2) {
    term *= ((k - 1) / k) * cos ** 2;
    sum += term;
  }
  const within = is_odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
  return (1 - within) / 2;
}

/** The value that Student's t exceeds with the given probability, below one half. */
export function studentQuantile(tail: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (studentUpperTail(high, degrees) > tail) high *= 2;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (studentUpperTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
