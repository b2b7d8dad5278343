/** What the measured sizes say of the real one. */
import type { GuardFacts, GrowthFacts } from '#harness/core/guard/facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { touchedTables } from './attribution.ts';
import { type Check, holds, need, needPart } from './check.ts';
import { count, counted, ms } from './words.ts';

/** Below this a time is the cost of a statement and of its commit, not of rows. */
const FLOOR_MS = 5;
/** Slope of log time over log rows from which it is worse than linear. */
const WORSE_THAN_LINEAR = 1.15;

export interface PowerFit {
  /** 1 is linear. */
  readonly exponent: number;
  /** Time at a number of rows, with the factor by which it may be off either way (two standard deviations). */
  readonly at: (rows: number) => { readonly value_ms: number; readonly factor: number };
}

/**
 * Least squares of log time over log rows. The factor is that of the prediction interval of a straight line
 * (Draper and Smith, Applied Regression Analysis, 1.4) at two standard deviations; with two points the line goes through
 * both, nothing is known of its error, and there is no fit.
 */
export function fitPower(
  points: readonly { readonly rows: number; readonly value_ms: number }[],
): PowerFit | undefined {
  const xs = points.map(({ rows }) => Math.log(rows));
  const ys = points.map(({ value_ms }) => Math.log(Math.max(value_ms, 0.01)));
  const n = points.length;
  if (n < 3) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(xs), mean(ys)];
  const sxx = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  if (sxx === 0) return undefined;
  const exponent = xs.reduce((sum, x, index) => sum + (x - mx) * ((ys[index] ?? my) - my), 0) / sxx;
  const residual = xs.reduce((sum, x, index) => sum + ((ys[index] ?? my) - my - exponent * (x - mx)) ** 2, 0);
  const deviation = Math.sqrt(residual / (n - 2));
  return {
    exponent,
    at: (rows) => {
      const x = Math.log(rows);
      const spread = deviation * Math.sqrt(1 + 1 / n + (x - mx) ** 2 / sxx);
      return { value_ms: Math.exp(my + exponent * (x - mx)), factor: Math.exp(2 * spread) };
    },
  };
}

/** Rows of the largest table that the migration touches, as somebody said. */
function realRows(facts: GuardFacts, tables: readonly string[]): number | undefined {
  const said = Object.entries(facts.data.real_rows ?? {});
  const touched = said.filter(([name]) =>
    tables.some((table) => table === name || table.endsWith(`.${name}`)),
  );
  const rows = touched.map(([, of]) => of);
  return rows.length === 0 ? undefined : Math.max(...rows);
}

/** Time for which somebody waits is what counts; where nobody was there to wait, the time that it took. */
function series({ points }: GrowthFacts): {
  readonly what: string;
  readonly points: readonly { readonly rows: number; readonly value_ms: number }[];
} {
  const blocks = points.some(({ blocked_longest_ms }) => blocked_longest_ms > FLOOR_MS);
  return {
    what: blocks ? 'time for which others wait' : 'time that it takes',
    points: points.map(({ rows, duration_ms, blocked_longest_ms }) => ({
      rows,
      value_ms: blocks ? blocked_longest_ms : duration_ms,
    })),
  };
}

export const growth: Check = {
  id: 'growth',
  part: 'growth',
  grounds: [],
  find: ({ facts, migration, budgets }) => {
    const found = needPart(migration, 'growth', 'it was run at one size only');
    const { what, points } = series(found);
    const budget_ms = Math.min(budgets.readers_ms, budgets.writers_ms);
    const limit = `others wait <= ${ms(budget_ms)} at the real size`;
    const items = points.map(({ rows, value_ms }) => `${counted(rows, 'row')}: ${ms(value_ms)}`);
    const largest = points.at(-1);
    if (largest === undefined) throw new MissingEvidence('it was run at no size');
    if (points.every(({ value_ms }) => value_ms <= FLOOR_MS)) {
      return holds(`the ${what} does not grow with the rows`, limit, {
        measured: `${ms(largest.value_ms)} at ${counted(largest.rows, 'row')}`,
        items,
      });
    }
    const fit = need(fitPower(points), 'fewer than three sizes were measured');
    const shape =
      fit.exponent > WORSE_THAN_LINEAR
        ? 'faster than the rows'
        : fit.exponent < 0.5
          ? 'slower than the rows'
          : 'with the rows';
    const measured = `rows^${fit.exponent.toFixed(2)}`;
    const grows = `the ${what} grows ${shape}`;
    const blocks = what.startsWith('time for which');
    const rows = realRows(
      facts,
      touchedTables(facts, migration).map(({ table }) => table),
    );
    if (rows === undefined || !blocks) {
      const severity = fit.exponent > 0.5 ? 'low' : 'none';
      return {
        ...holds(`${grows} (${ms(largest.value_ms)} at ${counted(largest.rows, 'row')})`, limit, {
          measured,
          items,
        }),
        severity,
      };
    }
    const { value_ms, factor } = fit.at(rows);
    const derivation = `${what} at ${count(rows)} rows: ${ms(value_ms)}, between ${ms(value_ms / factor)} and ${ms(value_ms * factor)}`;
    if (value_ms / factor > budget_ms) {
      return {
        outcome: 'fail',
        severity: value_ms > budget_ms * 10 ? 'critical' : 'high',
        reason: `${grows}: about ${ms(value_ms)} at ${count(rows)} rows`,
        limit,
        measured,
        derivation,
        items,
      };
    }
    if (value_ms * factor > budget_ms) {
      throw new MissingEvidence(`${derivation}: too uncertain to say whether it is borne`);
    }
    return holds(`${grows}: about ${ms(value_ms)} at ${count(rows)} rows`, limit, {
      measured,
      derivation,
      items,
    });
  },
};
