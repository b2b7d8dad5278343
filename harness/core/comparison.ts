/** Comparison of what two releases answer to the same requests. */

/** An answer, as a client received it. */
export interface ReceivedAnswer {
  /** 0 where there was none. */
  readonly status: number;
  readonly body: string;
  readonly duration_ms: number;
}

/** One request and what the old and the new release made of it. */
export interface AnswerPair {
  /** `GET /items/17`. */
  readonly request: string;
  /** Requests that are answered by the same code: `GET /items/:id`. */
  readonly route: string;
  readonly old: ReceivedAnswer;
  readonly next: ReceivedAnswer;
}

/** One request that was answered differently. */
export interface DifferenceExample {
  readonly request: string;
  readonly old: string;
  readonly next: string;
}

/** All pairs of a route that differ in the same way. */
export interface Difference {
  readonly route: string;
  readonly in: 'status' | 'body';
  readonly pairs: number;
  /** The first few. */
  readonly examples: readonly DifferenceExample[];
}

/** How long each release took for a route, in ms: the middle of all pairs. */
export interface RouteDurations {
  readonly route: string;
  readonly pairs: number;
  readonly old_median_ms: number;
  readonly next_median_ms: number;
}

/** What a comparison found. */
export interface ComparisonData {
  readonly pairs: number;
  /** Pairs of which one or both had no answer at all. */
  readonly unanswered: number;
  readonly differences: readonly Difference[];
  readonly durations: readonly RouteDurations[];
}

/** Examples kept of each kind of difference. */
const EXAMPLES_MAX = 3;
/** Longest piece of an answer that an example holds. */
const EXAMPLE_LENGTH = 160;

/** Fields of an answer that say who gave it, not what it says. */
export type Ignored = ReadonlySet<string>;

function withoutIgnored(value: unknown, ignored: Ignored): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutIgnored(one, ignored));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !ignored.has(key))
      .toSorted(([left], [right]) => left.localeCompare(right))
      .map(([key, inner]) => [key, withoutIgnored(inner, ignored)]),
  );
}

/** What an answer says, whoever gave it and in whatever order: JSON less the ignored fields, else the text as it is. */
export function contentOf(body: string, ignored: Ignored): string {
  try {
    return JSON.stringify(withoutIgnored(JSON.parse(body), ignored));
  } catch {
    return body;
  }
}

/** The part of a text around the first place in which it differs from another. */
function around(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  const from = Math.max(0, at - EXAMPLE_LENGTH / 4);
  const cut = text.slice(from, from + EXAMPLE_LENGTH);
  return `${from > 0 ? '\u2026' : ''}${cut}${from + EXAMPLE_LENGTH < text.length ? '\u2026' : ''}`;
}

function differenceOf(
  { request, old, next }: AnswerPair,
  ignored: Ignored,
): { readonly in: Difference['in']; readonly example: DifferenceExample } | undefined {
  if (old.status !== next.status) {
    const example = { request, old: `status ${old.status}`, next: `status ${next.status}` };
    return { in: 'status', example };
  }
  const [left, right] = [contentOf(old.body, ignored), contentOf(next.body, ignored)];
  if (left === right) return undefined;
  return { in: 'body', example: { request, old: around(left, right), next: around(right, left) } };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

/** Puts together what differs, route by route. A pair that lacks an answer is counted, and compared no further. */
export function compareAnswers(pairs: readonly AnswerPair[], ignored: Ignored): ComparisonData {
  const answered = pairs.filter(({ old, next }) => old.status > 0 && next.status > 0);
  const found = new Map<string, { difference: Difference; examples: DifferenceExample[]; count: number }>();
  for (const pair of answered) {
    const differs = differenceOf(pair, ignored);
    if (!differs) continue;
    const key = JSON.stringify([pair.route, differs.in]);
    const known = found.get(key) ?? {
      difference: { route: pair.route, in: differs.in, pairs: 0, examples: [] },
      examples: [],
      count: 0,
    };
    known.count += 1;
    if (known.examples.length < EXAMPLES_MAX) known.examples.push(differs.example);
    found.set(key, known);
  }
  const routes = Map.groupBy(answered, ({ route }) => route);
  return {
    pairs: pairs.length,
    unanswered: pairs.length - answered.length,
    differences: [...found.values()].map(({ difference, examples, count }) => ({
      ...difference,
      pairs: count,
      examples,
    })),
    durations: [...routes].map(([route, own]) => ({
      route,
      pairs: own.length,
      old_median_ms: median(own.map(({ old }) => old.duration_ms)),
      next_median_ms: median(own.map(({ next }) => next.duration_ms)),
    })),
  };
}
