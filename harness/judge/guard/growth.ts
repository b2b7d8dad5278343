/** What the measured sizes say of the real one. */
import type { GrowthFacts } from '#harness/core/guard/facts.ts';
import { shapeOf } from '#harness/core/guard/growth.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { sameRelation } from './attribution.ts';
import { type Check, type Found, holds, need, needPart, type Subject } from './check.ts';
import {
  type AllSeries,
  allSeries,
  exponentOf,
  grows,
  lineOf,
  type Series,
  WAIT_FLOOR_MS,
} from './growth-series.ts';
import { touchedTables } from './touched-tables.ts';
import { count, counted, ms } from './words.ts';

/** Sizes that differ by less are the same: nothing is extrapolated. */
const SAME_SIZE = 1.05;
/** A migration that takes so long, and so many times as long as anybody waits, does not keep others out while it works. */
const LONG_MS = 50;
const TIMES_THE_WAIT = 4;

/**
 * Rows that the largest table which the migration touches has in production: as somebody said, of it or of another one that is to
 * the copy as it is. A copy of a live database has the rows that are there.
 */
function realRows({ facts, migration }: Subject, largest: number): number | undefined {
  const { source, real_rows = {} } = facts.data;
  const scales = touchedTables(facts, migration).flatMap(({ table, rows }) => {
    const said = Object.entries(real_rows).find(([name]) => table === name || sameRelation(name, table));
    return said === undefined || rows === 0 ? [] : [said[1] / rows];
  });
  if (scales.length > 0) return Math.round(largest * Math.max(...scales));
  return source === 'live' ? largest : undefined;
}

/** Where the rows of the smaller sizes came from. */
function madeOf({ smaller, table }: GrowthFacts): string {
  return smaller === undefined
    ? 'the rows of each size were made up for it'
    : `the smaller sizes are shares of the rows that were there${table === undefined ? '' : `, counted in ${table}`}; values, widths and how often each comes are theirs`;
}

/** What others would wait at the real size, as far as it can be told. */
interface Told {
  readonly value_ms: number;
  readonly low_ms: number;
  readonly high_ms: number;
  readonly derivation: string;
}

function measuredThere({ sizes }: Series, real: number): Told | undefined {
  const last = sizes.at(-1);
  if (last === undefined || Math.max(real / last.rows, last.rows / real) > SAME_SIZE) return undefined;
  const value_ms = last.cost;
  const derivation = `measured at ${count(last.rows)} rows, which is the real size`;
  return { value_ms, low_ms: value_ms, high_ms: value_ms, derivation };
}

function told(series: Series, real: number): Told {
  const fit = need(series.fit, 'fewer than three sizes were measured');
  const { value, low, high } = fit.at(real);
  const derivation = `${series.what} at ${count(real)} rows: ${ms(value)}, between ${ms(low)} and ${ms(high)}`;
  return { value_ms: value, low_ms: low, high_ms: high, derivation };
}

/** They were long enough, and grew, so that they speak for themselves. */
function waitsAreSeen({ is_slight, fit }: Series): boolean {
  return !is_slight && fit !== undefined && shapeOf(fit) !== 'none';
}

/** It works for long while nobody waits: as with an index that is built concurrently. */
function keepsNobodyOut({ waits, time }: AllSeries): boolean {
  const waited_ms = Math.max(WAIT_FLOOR_MS, ...waits.points.map(({ cost }) => cost));
  const took_ms = time.sizes.at(-1)?.cost ?? 0;
  return took_ms >= LONG_MS && took_ms >= TIMES_THE_WAIT * waited_ms;
}

/** A table of 100,000 rows has hundreds. */
const FEW_PAGES = 50;
/** A change of the catalogue, with the pages that are logged whole after a checkpoint. */
const FEW_BYTES = 1024 ** 2;

/** By the server's own count it looked at next to nothing of the tables, and wrote next to nothing: its time is that of no row. */
function looksAtNoRow({ points }: GrowthFacts): boolean {
  return points.every(
    ({ pages_read, wal_bytes }) =>
      pages_read !== undefined && pages_read <= FEW_PAGES && wal_bytes <= FEW_BYTES,
  );
}

/** What is remarked: that something grows. */
function severityOf({ all }: AllSeries, facts: GrowthFacts): 'low' | 'none' {
  return !looksAtNoRow(facts) &&
    all.some(({ is_slight, fit }) => !is_slight && fit !== undefined && shapeOf(fit) !== 'none')
    ? 'low'
    : 'none';
}

/** What is known of the wait at the real size, and what it is known from. */
interface Judged {
  readonly leading: Series;
  readonly there: Told;
  /** Why it holds; undefined where it does not, or is not known. */
  readonly holds: string | undefined;
  /** Why it is not known. */
  readonly open: string;
}

interface Bounds {
  /** Rows. */
  readonly real: number;
  readonly budget_ms: number;
}

/** Others wait no longer than it takes: where they wait too shortly here to be told from chance, its own time bounds what they would. */
function judgedAt(series: AllSeries, facts: GrowthFacts, { real, budget_ms }: Bounds): Judged {
  const { waits, time } = series;
  const measured = measuredThere(waits, real);
  const waited = measured ?? told(waits, real);
  // However unevenly others waited: what does not depend on rows is not extrapolated by them.
  const longest_ms = Math.max(...waits.points.map(({ cost }) => cost));
  if (looksAtNoRow(facts) && longest_ms <= budget_ms) {
    const reason = 'it looks at no rows, however many there are';
    return { leading: waits, there: waited, holds: reason, open: '' };
  }
  if (measured !== undefined || waitsAreSeen(waits) || waited.low_ms > budget_ms) {
    const reason = `${grows(waits)}: about ${ms(waited.value_ms)} at ${count(real)} rows`;
    const open = 'too uncertain to say whether it is borne';
    return { leading: waits, there: waited, holds: waited.high_ms <= budget_ms ? reason : undefined, open };
  }
  const there = told(time, real);
  const took_ms = time.sizes.at(-1)?.cost ?? 0;
  const is_short = there.high_ms <= budget_ms && waited.value_ms <= budget_ms;
  const bounded = `${grows(time)}, and others wait no longer: about ${ms(there.value_ms)} at ${count(real)} rows`;
  return {
    leading: time,
    there,
    holds: keepsNobodyOut(series)
      ? `${grows(waits)}, although it takes ${ms(took_ms)}`
      : is_short
        ? bounded
        : undefined,
    open: 'how much of it others would wait was too short to be seen here',
  };
}

export const growth: Check = {
  id: 'growth',
  part: 'growth',
  grounds: [],
  find: (subject) => {
    const { migration, budgets } = subject;
    const facts = needPart(migration, 'growth', 'it was run at one size only');
    const last = facts.points.at(-1);
    if (last === undefined) throw new MissingEvidence('it was run at no size');
    const series = need(allSeries(facts), 'its times are not there');
    const budget_ms = Math.min(budgets.readers_ms, budgets.writers_ms);
    const limit = `others wait <= ${ms(budget_ms)} at the real size`;
    const real = realRows(subject, last.rows);
    need(series.time.fit, 'fewer than three sizes were measured');
    const judged = real === undefined ? undefined : judgedAt(series, facts, { real, budget_ms });
    const leading = judged?.leading ?? (waitsAreSeen(series.waits) ? series.waits : series.time);
    const { fit } = leading;
    const at = `${ms(leading.sizes.at(-1)?.cost ?? 0)} at ${counted(last.rows, 'row')}`;
    const found: Pick<Found, 'measured' | 'items'> = {
      measured: fit === undefined || fit.laws.has('constant') ? at : `${exponentOf(fit)}, ${at}`,
      items: series.all.map((one) => lineOf(one, real)),
    };
    const severity = severityOf(series, facts);
    if (judged === undefined) {
      const how = looksAtNoRow(facts) ? 'it looks at no rows, however many there are' : grows(leading);
      return { ...holds(`${how} (${at})`, limit, found), severity, derivation: madeOf(facts) };
    }
    const { there } = judged;
    const derivation = `${there.derivation}; ${madeOf(facts)}`;
    if (judged.holds !== undefined) return { ...holds(judged.holds, limit, found), severity, derivation };
    if (leading !== series.waits || there.low_ms <= budget_ms) {
      // What was measured is told all the same.
      const reason = `${there.derivation}: ${judged.open}`;
      return {
        outcome: 'inconclusive',
        severity: 'none',
        reason,
        limit,
        ...found,
        derivation: madeOf(facts),
      };
    }
    return {
      outcome: 'fail',
      severity: there.value_ms > budget_ms * 10 ? 'critical' : 'high',
      reason: `${grows(leading)}: about ${ms(there.value_ms)} at ${count(real ?? 0)} rows`,
      limit,
      ...found,
      derivation,
    };
  },
};
