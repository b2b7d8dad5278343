import { normalUpperQuantile, normalUpperTail } from './normal.ts';

/** What is held against the hypothesis that both samples come from one distribution: that x tends to be ... than y. */
export type Alternative = 'two-sided' | 'less' | 'greater';

export type Method = 'auto' | 'exact' | 'asymptotic';

/** A Mann-Whitney U test. */
export interface MannWhitney {
  /** Pairs in which x is above y; a tie counts half. */
  readonly u: number;
  readonly p: number;
  readonly method: Exclude<Method, 'auto'>;
}

/** Size of the smaller sample up to which the exact distribution is used where there are no ties. */
const EXACT_MAX = 8;

/** Numbers in rising order, with the sum of t^3 - t over groups of equal ones, and the sum of x's ranks. */
function ranked(
  x: readonly number[],
  y: readonly number[],
): { readonly rank_sum: number; readonly ties: number } {
  const all = [
    ...x.map((value) => ({ value, of_x: true })),
    ...y.map((value) => ({ value, of_x: false })),
  ].toSorted((left, right) => left.value - right.value);
  let rank_sum = 0;
  let ties = 0;
  let from = 0;
  while (from < all.length) {
    const value = all[from]?.value;
    let to = from;
    let of_x = 0;
    while (to < all.length && all[to]?.value === value) {
      if (all[to]?.of_x) of_x += 1;
      to += 1;
    }
    const count = to - from;
    // Equal values share the mean of the ranks that they take.
    rank_sum += of_x * ((from + 1 + to) / 2);
    ties += count ** 3 - count;
    from = to;
  }
  return { rank_sum, ties };
}

/** Probabilities of each U from 0 to m x n where both samples come from one distribution and nothing is tied. */
function exactDistribution(m: number, n: number): readonly number[] {
  // The generating function of U is the Gaussian binomial: the product of (1 - q^(n+i)) / (1 - q^i) for i from 1 to m.
  const size = m * n + 1;
  const ways = Array.from({ length: size }, () => 0);
  ways[0] = 1;
  for (let i = 1; i <= m; i += 1) {
    const factor = n + i;
    for (let u = size - 1; u >= factor; u -= 1) ways[u] = (ways[u] ?? 0) - (ways[u - factor] ?? 0);
    for (let u = i; u < size; u += 1) ways[u] = (ways[u] ?? 0) + (ways[u - i] ?? 0);
  }
  const total = ways.reduce((sum, count) => sum + count, 0);
  return ways.map((count) => count / total);
}

/** Probability of at least `u`; the distribution is symmetric, and the shorter tail is summed. */
function exactUpperTail(u: number, m: number, n: number): number {
  const probabilities = exactDistribution(Math.min(m, n), Math.max(m, n));
  return probabilities.reduce((sum, one, at) => (at >= u ? sum + one : sum), 0);
}

function asymptoticUpperTail(u: number, m: number, n: number, ties: number): number {
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  return normalUpperTail((u - (m * n) / 2 - 0.5) / Math.sqrt(variance));
}

/**
 * The Mann-Whitney U test: whether values of `x` tend to be above or below those of `y`, whatever their distribution.
 * Asymptotic with corrections for ties and for continuity; exact where nothing is tied and the smaller sample has at
 * most eight values, as SciPy's `mannwhitneyu` chooses.
 * @throws RangeError when a sample is empty, a value is no number, or the exact test is asked of tied values
 */
export function mannWhitney(
  x: readonly number[],
  y: readonly number[],
  { alternative = 'two-sided', method = 'auto' }: { alternative?: Alternative; method?: Method } = {},
): MannWhitney {
  if (x.length === 0 || y.length === 0) throw new RangeError('a Mann-Whitney test needs two samples');
  if ([...x, ...y].some((value) => Number.isNaN(value)))
    throw new RangeError('a sample holds what is no number');
  const [m, n] = [x.length, y.length];
  const { rank_sum, ties } = ranked(x, y);
  const u = rank_sum - (m * (m + 1)) / 2;
  const exact = method === 'exact' || (method === 'auto' && ties === 0 && Math.min(m, n) <= EXACT_MAX);
  if (exact && ties > 0) throw new RangeError('the exact test knows no ties');
  const tail = (value: number): number =>
    exact ? exactUpperTail(value, m, n) : asymptoticUpperTail(value, m, n, ties);
  const other = m * n - u;
  const p =
    alternative === 'two-sided' ? 2 * tail(Math.max(u, other)) : tail(alternative === 'greater' ? u : other);
  return { u, p: Math.min(Math.max(p, 0), 1), method: exact ? 'exact' : 'asymptotic' };
}

/** How far `x` lies above `y`, with the interval that holds the truth with the given confidence. */
export interface Shift {
  /** Hodges-Lehmann estimate: the median of all differences. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Number of values of U at one end that the test rejects. */
function differencesOutside(m: number, n: number, side: number, exact: boolean): number {
  if (exact) {
    const probabilities = exactDistribution(Math.min(m, n), Math.max(m, n));
    let sum = 0;
    let outside = 0;
    for (const one of probabilities) {
      sum += one;
      if (sum > side) break;
      outside += 1;
    }
    return outside;
  }
  const spread = normalUpperQuantile(side) * Math.sqrt((m * n * (m + n + 1)) / 12);
  return Math.max(Math.floor((m * n) / 2 - spread), 0);
}

/**
 * The Hodges-Lehmann shift of `x` against `y` with the confidence interval that belongs to the Mann-Whitney test
 * (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd edition, 4.2 and 4.3). Where the samples are too small
 * for the confidence that is asked for, the interval reaches from the smallest to the largest difference.
 * @throws RangeError when a sample is empty
 */
export function hodgesLehmann(x: readonly number[], y: readonly number[], confidence: number): Shift {
  const differences = x.flatMap((left) => y.map((right) => left - right)).toSorted((a, b) => a - b);
  const count = differences.length;
  const [least, most] = [differences[0], differences.at(-1)];
  if (least === undefined || most === undefined) throw new RangeError('a shift needs two samples');
  const lower = differences[Math.floor((count - 1) / 2)] ?? least;
  const upper = differences[Math.ceil((count - 1) / 2)] ?? most;
  const exact =
    Math.min(x.length, y.length) <= EXACT_MAX && new Set([...x, ...y]).size === x.length + y.length;
  const outside = differencesOutside(x.length, y.length, (1 - confidence) / 2, exact);
  // With k of them outside, the shifts below the k-th difference are rejected.
  const place = Math.max(outside - 1, 0);
  return {
    estimate: (lower + upper) / 2,
    low: differences[Math.min(place, count - 1)] ?? least,
    high: differences[Math.max(count - 1 - place, 0)] ?? most,
  };
}
