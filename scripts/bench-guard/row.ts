/** A line of what was measured, with its limit. */
export interface GuardRow {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly kept: boolean;
}

/** A figure that must not be larger than its limit. */
export function atMost(what: string, value: number, unit: string, limit: number): GuardRow {
  return {
    what,
    budget: `<= ${limit} ${unit}`,
    measured: `${value.toFixed(1)} ${unit}`,
    kept: value <= limit,
  };
}

/** A share, in per cent, of a whole that is told beside it. */
export function shareAtLeast(what: string, part: number, whole: number, limit_pct: number): GuardRow {
  const pct = whole === 0 ? 0 : (part / whole) * 100;
  return {
    what,
    budget: `>= ${limit_pct} %`,
    measured: `${pct.toFixed(1)} % (${part} of ${whole})`,
    kept: pct >= limit_pct,
  };
}

export function shareAtMost(what: string, part: number, whole: number, limit_pct: number): GuardRow {
  const pct = whole === 0 ? 100 : (part / whole) * 100;
  return {
    what,
    budget: `<= ${limit_pct} %`,
    measured: `${pct.toFixed(1)} % (${part} of ${whole})`,
    kept: pct <= limit_pct,
  };
}

/** `12 confirmed, 3 overturned`: the most frequent first. */
export function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): string {
  return [...Map.groupBy(items, keyOf)]
    .map(([key, group]) => ({ key, count: group.length }))
    .toSorted((left, right) => right.count - left.count)
    .map(({ key, count }) => `${count} ${key}`)
    .join(', ');
}
