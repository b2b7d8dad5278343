/** What the measured sizes say of the real one. */
import type { GuardFacts, GrowthFacts } from '#harness/core/guard/facts.ts';
import { fitGrowth, type GrowthShape, shapeOf } from '#harness/core/guard/growth.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Check, holds, need, needPart } from './check.ts';
import { touchedTables } from './touched-tables.ts';
import { count, counted, ms } from './words.ts';

const SHAPES: Readonly<Record<GrowthShape, string>> = {
  'less than linear': 'grows slower than the rows',
  linear: 'grows with the rows',
  'worse than linear': 'grows faster than the rows',
  unsure: 'grows in a way that these sizes do not tell',
};

/** Below this a time is the cost of a statement and of its commit, not of rows. */
const FLOOR_MS = 5;
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
    const fit = need(
      fitGrowth(points.map(({ rows, value_ms }) => ({ rows, cost: value_ms }))),
      'fewer than three sizes were measured',
    );
    const shape = SHAPES[shapeOf(fit)];
    const measured = `rows^${fit.exponent.toFixed(2)}`;
    const grows = `the ${what} ${shape}`;
    const blocks = what.startsWith('time for which');
    const rows = realRows(
      facts,
      touchedTables(facts, migration).map(({ table }) => table),
    );
    if (rows === undefined || !blocks) {
      const severity = fit.exponent_high > 0.5 ? 'low' : 'none';
      return {
        ...holds(`${grows} (${ms(largest.value_ms)} at ${counted(largest.rows, 'row')})`, limit, {
          measured,
          items,
        }),
        severity,
      };
    }
    const { value: value_ms, factor } = fit.at(rows);
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
