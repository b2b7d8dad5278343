/** Where a migration is killed. */
import type { SqlStatement } from '../../migrations/types.ts';
import { waitsForWriters } from './hold.ts';

/**
 * - `amid`: some time after the statement began
 * - `held`: the statement is in the middle, because it waits for a lock that the guard has
 * - `before`: the statement before it has been answered, this one was not sent
 * - `after`: it has been answered, and the transaction around it was not committed
 */
export interface KillPoint {
  readonly statement: number;
  readonly at: 'amid' | 'held' | 'before' | 'after';
  /** Only of `amid`. */
  readonly delay_ms: number;
}

/** A statement that is over sooner cannot be hit by a clock. */
const LONG_MS = 50;

export interface PointOptions {
  readonly statements: readonly SqlStatement[];
  /** By place, from a run that nobody disturbed. */
  readonly durations_ms: readonly number[];
  /** All of it is one transaction that ends behind the last statement. */
  readonly is_wrapped: boolean;
}

const COMMIT = /^(commit|end)\b/i;
const SETTINGS: ReadonlySet<string> = new Set(['VariableSetStmt', 'TransactionStmt']);

/**
 * All places, the most telling first: within statements that commit piecemeal, then in the middle of the slowest ones, then between statements: before
 * the last one, behind the first one, and so on towards the middle; or behind the last, before the commit.
 */
export function killPoints({ statements, durations_ms, is_wrapped }: PointOptions): readonly KillPoint[] {
  const acting = statements
    .map((statement, place) => ({ statement, duration_ms: durations_ms[place] ?? 0 }))
    .filter(({ statement }) => !statement.transaction_control && !SETTINGS.has(statement.kind));
  const held = acting
    .filter(({ statement }) => waitsForWriters(statement))
    .map(({ statement }): KillPoint => ({ statement: statement.index, at: 'held', delay_ms: 0 }));
  const amid = acting
    .filter(({ statement, duration_ms }) => !waitsForWriters(statement) && duration_ms >= LONG_MS)
    .toSorted((left, right) => right.duration_ms - left.duration_ms)
    .map(
      ({ statement, duration_ms }): KillPoint => ({
        statement: statement.index,
        at: 'amid',
        delay_ms: duration_ms / 2,
      }),
    );
  const last = acting.at(-1)?.statement.index;
  const own_commit = statements.findLast(({ text }) => COMMIT.test(text))?.index;
  const commit: readonly KillPoint[] =
    own_commit !== undefined
      ? [{ statement: own_commit, at: 'before', delay_ms: 0 }]
      : is_wrapped && last !== undefined
        ? [{ statement: last, at: 'after', delay_ms: 0 }]
        : [];
  const between = fromBothEnds(acting.slice(1)).map(
    ({ statement }): KillPoint => ({ statement: statement.index, at: 'before', delay_ms: 0 }),
  );
  const single: readonly KillPoint[] =
    acting.length === 1 && commit.length === 0 && held.length + amid.length === 0 && last !== undefined
      ? [{ statement: last, at: 'held', delay_ms: 0 }]
      : [];
  return [...held, ...amid, ...commit, ...between, ...single];
}

/** The last, the first, the one before the last, and so on. */
function fromBothEnds<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((_, place) => items[place % 2 === 0 ? items.length - 1 - place / 2 : (place - 1) / 2])
    .filter((item) => item !== undefined);
}
