/** What a migration cost at each size, as series that are told and extrapolated. */
import type { GrowthFacts, GrowthSizeFacts } from '#harness/core/guard/facts.ts';
import { fitGrowth, type GrowthFit, type GrowthShape, median, shapeOf } from '#harness/core/guard/growth.ts';
import { bytes, counted, ms } from './words.ts';

export interface Series {
  /** As a sentence begins: `time for which others wait`. */
  readonly what: string;
  /** Of every run. */
  readonly points: readonly { readonly rows: number; readonly cost: number }[];
  /** One for each size, the smallest first. */
  readonly sizes: readonly { readonly rows: number; readonly cost: number }[];
  readonly fit: GrowthFit | undefined;
  /** Nothing that is worth telling at any size. */
  readonly is_slight: boolean;
  /** So much of it is chance. */
  readonly floor: number;
  readonly say: (value: number) => string;
}

/** So much of a time is the cost of a statement and of its commit, not of rows. */
export const WAIT_FLOOR_MS = 5;
/** Nobody waits in it: a run alone is less a matter of chance. */
const TIME_FLOOR_MS = 2;
/** Pages of catalogues and of the log that any change takes. */
const FLOOR_BYTES = 64 * 1024;

interface Measure {
  readonly what: string;
  readonly floor: number;
  readonly of: (size: GrowthSizeFacts) => readonly (number | undefined)[];
  readonly say: (value: number) => string;
}

const MEASURES = {
  waits: {
    what: 'time for which others wait',
    floor: WAIT_FLOOR_MS,
    of: ({ blocked_longest_ms, blocked_ms }) => blocked_ms ?? [blocked_longest_ms],
    say: ms,
  },
  time: {
    what: 'time that it takes',
    floor: TIME_FLOOR_MS,
    of: ({ duration_ms, durations_ms }) => durations_ms ?? [duration_ms],
    say: ms,
  },
  wal: {
    what: 'log that it writes',
    floor: FLOOR_BYTES,
    of: ({ wal_bytes }) => [wal_bytes],
    say: bytes,
  },
  disk: {
    what: 'disk that it takes for good',
    floor: FLOOR_BYTES,
    // One that frees disk takes none.
    of: ({ disk_bytes }) => [disk_bytes === undefined ? undefined : Math.max(0, disk_bytes)],
    say: bytes,
  },
  disk_peak: {
    what: 'disk that it takes at the most while it runs',
    floor: FLOOR_BYTES,
    of: ({ disk_peak_bytes }) => [disk_peak_bytes === undefined ? undefined : Math.max(0, disk_peak_bytes)],
    say: bytes,
  },
} as const satisfies Record<string, Measure>;

/** Undefined where it was not recorded at every size. */
function seriesOf({ points }: GrowthFacts, { what, floor, of, say }: Measure): Series | undefined {
  const all = points.flatMap((size) => of(size).map((cost) => ({ rows: size.rows, cost })));
  const told = all.flatMap(({ rows, cost }) => (cost === undefined ? [] : [{ rows, cost }]));
  if (told.length < all.length) return undefined;
  const by_rows = Map.groupBy(told, ({ rows }) => rows);
  const sizes = [...by_rows]
    .map(([rows, runs]) => ({ rows, cost: median(runs.map(({ cost }) => cost)) }))
    .toSorted((left, right) => left.rows - right.rows);
  return {
    what,
    points: told,
    sizes,
    floor,
    fit: fitGrowth(told, { floor }),
    is_slight: told.every(({ cost }) => cost <= floor),
    say,
  };
}

export interface AllSeries {
  readonly waits: Series;
  readonly time: Series;
  /** All that was recorded, those two first. */
  readonly all: readonly Series[];
}

export function allSeries(facts: GrowthFacts): AllSeries | undefined {
  const [waits, time, ...others] = [
    MEASURES.waits,
    MEASURES.time,
    MEASURES.wal,
    MEASURES.disk,
    MEASURES.disk_peak,
  ].map((measure) => seriesOf(facts, measure));
  if (waits === undefined || time === undefined) return undefined;
  return { waits, time, all: [waits, time, ...others.flatMap((one) => one ?? [])] };
}

const SHAPES: Readonly<Record<GrowthShape, string>> = {
  none: 'is not seen to grow with the rows',
  'less than linear': 'grows slower than the rows',
  linear: 'grows with the rows',
  'n log n': 'grows a little faster than the rows, as sorting does (n log n)',
  'worse than linear': 'grows faster than the rows',
  unsure: 'grows in a way that these sizes do not tell',
};

/** `the time that it takes grows with the rows`. */
export function grows({ what, fit, is_slight }: Series): string {
  const how =
    fit === undefined ? (is_slight ? SHAPES.none : 'was seen at too few sizes') : SHAPES[shapeOf(fit)];
  return `the ${what} ${how}`;
}

/** `rows^1.02 (0.95 to 1.10)`. */
export function exponentOf({ exponent, exponent_low, exponent_high }: GrowthFit): string {
  const [at, low, high] = [exponent, exponent_low, exponent_high].map((one) => one.toFixed(2));
  return `rows^${at} (${low} to ${high})`;
}

/** An interval whose ends are further apart says little: only its lower end is worth telling. */
const FAR_APART = 100;

/** The cost at a number of rows, and between what it is. */
function estimate({ fit, say, floor, is_slight }: Series, rows: number): string | undefined {
  if (fit === undefined) return undefined;
  const { value, low, high } = fit.at(rows);
  if (is_slight && high <= floor) return undefined;
  const at = `at ${counted(rows, 'row')}`;
  if (high <= FAR_APART * Math.max(low, floor)) {
    return `about ${say(value)} ${at}, between ${say(low)} and ${say(high)}`;
  }
  return low > floor
    ? `${say(low)} or more ${at}; how much more these sizes do not tell`
    : `how much ${at} these sizes do not tell`;
}

/** A series in one line. @param real rows of the real table, where somebody knows them */
export function lineOf(series: Series, real: number | undefined): string {
  const { sizes, say, fit } = series;
  const [first] = sizes;
  const last = sizes.at(-1);
  const seen =
    first === undefined || last === undefined
      ? 'nothing'
      : `${say(first.cost)} at ${counted(first.rows, 'row')}, ${say(last.cost)} at ${counted(last.rows, 'row')}`;
  const is_told = fit !== undefined && !fit.laws.has('constant');
  const law = is_told ? `, ${exponentOf(fit)}` : '';
  const there = real === undefined ? undefined : estimate(series, real);
  return `${grows(series)}: ${seen}${law}${there === undefined ? '' : `; ${there}`}`;
}
