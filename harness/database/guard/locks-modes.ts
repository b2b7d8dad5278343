/** Lock modes of tables, from the weakest to the strongest, and which keep each other waiting. */

/** Names as in `pg_locks.mode`. */
export const LOCK_MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const;

/** PostgreSQL, "Explicit Locking", table 13.2 (Conflicting Lock Modes): the numbers are places in `LOCK_MODES`. */
const CONFLICTS: readonly (readonly number[])[] = [
  [7],
  [6, 7],
  [4, 5, 6, 7],
  [3, 4, 5, 6, 7],
  [2, 3, 5, 6, 7],
  [2, 3, 4, 5, 6, 7],
  [1, 2, 3, 4, 5, 6, 7],
  [0, 1, 2, 3, 4, 5, 6, 7],
];

function rankOf(mode: string): number {
  return LOCK_MODES.findIndex((known) => known === mode);
}

/** Whether a lock of one mode waits for one of the other on the same table. */
export function conflicts(one: string, other: string): boolean {
  return CONFLICTS[rankOf(one)]?.includes(rankOf(other)) ?? false;
}

/** The strongest of some modes; undefined when there is none. */
export function strongest(modes: readonly string[]): string | undefined {
  return modes.toSorted((left, right) => rankOf(right) - rankOf(left))[0];
}
