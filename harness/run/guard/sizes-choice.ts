/** Of which migrations it is measured how they grow with the rows. */
import type { AloneFacts, DataFacts, TableSize } from '#harness/core/guard/facts.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import { touchedTables } from '#harness/judge/guard/touched-tables.ts';

/** From here on growth is told from noise. */
export const GROWTH_ROWS_MIN = 100_000;
/** A migration among others that took less time alone, wrote no table anew and built no index is passed over. */
export const GROWTH_COST_MS = 10;
/** Time for the sizes of all migrations of a history together: growth must not take longer than all else that is measured. */
export const GROWTH_TIME_MS = 150_000;

export type Choice =
  | {
      readonly kind: 'measure';
      /** The largest that it touches. */
      readonly table: string;
      readonly rows: number;
      /** Names of all that it touches. */
      readonly touched: readonly string[];
    }
  /** By what was measured of it there is nothing that growth could be told of. */
  | { readonly kind: 'leave out'; readonly why: string }
  /** It should be known, and is not. */
  | { readonly kind: 'missing'; readonly why: string };

interface Seen {
  readonly migration: Pick<Migration, 'name' | 'tool' | 'up'>;
  /** As it found them. */
  readonly tables: DataFacts['tables'];
  readonly alone: AloneFacts | undefined;
  /** It is judged by itself: nothing else takes the time. */
  readonly is_only: boolean;
  /** That the sizes of those before it took, in ms. */
  readonly spent_ms: number;
}

/** Pure. The reasons are the same for all migrations that they hold for, so that reports can tell them together. */
export function chooseSizes({ migration, tables, alone, is_only, spent_ms }: Seen): Choice {
  if (alone === undefined || alone.outcome === 'refused') {
    return { kind: 'missing', why: 'it did not run through with all rows' };
  }
  const touched = touchedTables({ data: { tables } }, { statements: migration.up.statements, alone });
  const [first, ...others] = touched;
  const largest = others.reduce<TableSize | undefined>(
    (most, one) => (most === undefined || one.rows > most.rows ? one : most),
    first,
  );
  if (largest === undefined || largest.rows < GROWTH_ROWS_MIN) {
    return { kind: 'leave out', why: 'no table that it touches has 100,000 rows' };
  }
  if (!is_only && !isCostly(alone, tables)) {
    return {
      kind: 'leave out',
      why: `among several, it took less than ${GROWTH_COST_MS} ms alone, wrote no table anew and built no index of one`,
    };
  }
  if (!is_only && spent_ms > GROWTH_TIME_MS) {
    return {
      kind: 'missing',
      why: `the sizes of the migrations before it took the ${GROWTH_TIME_MS / 1000} s that there are for it; judge it alone with --from and --until`,
    };
  }
  return {
    kind: 'measure',
    table: largest.table,
    rows: largest.rows,
    touched: touched.map(({ table }) => table),
  };
}

function isCostly({ duration_ms, statements }: AloneFacts, tables: DataFacts['tables']): boolean {
  const there = new Set(
    tables.flatMap(({ table, parts = [] }) => [table, ...parts.map((part) => part.table)]),
  );
  return (
    duration_ms >= GROWTH_COST_MS ||
    statements.some(
      ({ rewritten, indexed = [] }) => rewritten.length > 0 || indexed.some((table) => there.has(table)),
    )
  );
}
