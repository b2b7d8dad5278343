/** Which table locks stop whom: the table of conflicting lock modes in PostgreSQL's documentation (13.3.1). */

/** Modes that stop the `AccessShareLock` of a SELECT. */
const STOPS_READERS: ReadonlySet<string> = new Set(['AccessExclusiveLock']);

/** Modes that stop the `RowExclusiveLock` of INSERT, UPDATE and DELETE. */
const STOPS_WRITERS: ReadonlySet<string> = new Set([
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
]);

export function blocksReaders(mode: string): boolean {
  return STOPS_READERS.has(mode);
}

export function blocksWriters(mode: string): boolean {
  return STOPS_WRITERS.has(mode);
}
