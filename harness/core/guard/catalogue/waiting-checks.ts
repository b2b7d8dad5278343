import { type CatalogueEntry, manual, type Source } from './entry.ts';
import type { CheckId } from './ids.ts';

const PARALLEL_CHANGE: Source = {
  title: 'Fowler, "Parallel Change" (expand, migrate, contract)',
  url: 'https://martinfowler.com/bliki/ParallelChange.html',
};
const LOCKS = manual('Explicit Locking', 'explicit-locking.html#LOCKING-TABLES');

/** Checks of how long others wait, and of what both releases meet. */
export const WAITING_CHECKS = {
  'readers-blocked': {
    title: 'readers wait',
    measured:
      'The longest time that one reading session waited for a lock of the migration, from the locks of the server, and the longest time without one good answer as the clients saw it.',
    why: 'ACCESS EXCLUSIVE stops even SELECT. What readers wait for is an outage, whatever the schema is like afterwards.',
    judged:
      'Fails above the limit for readers (500 ms unless told otherwise). Without a release at work, the time for which such a lock was held alone is judged instead; so is that of a lock on a table which no statement of the release touched meanwhile.',
    safer:
      'Split the change so that each part holds its lock for a moment: `NOT VALID` then `VALIDATE`, `CONCURRENTLY`, constant defaults; one statement to a transaction.',
    sources: [LOCKS, manual('ALTER TABLE', 'sql-altertable.html')],
  },
  'writers-blocked': {
    title: 'writers wait',
    measured: 'The same for sessions that write: INSERT, UPDATE, DELETE, SELECT FOR UPDATE.',
    why: 'SHARE and stronger locks, such as that of CREATE INDEX, let readers pass and stop every write; so do row locks of a large UPDATE.',
    judged: 'Fails above the limit for writers (500 ms unless told otherwise).',
    safer:
      'Build indexes `CONCURRENTLY`, add foreign keys `NOT VALID`, change rows in batches that commit one by one.',
    sources: [LOCKS, manual('CREATE INDEX', 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY')],
  },
  'lock-queue': {
    title: 'others queue behind it',
    measured:
      'The same waits while a transaction that had read the tables stays open, as a report or a backup would.',
    why: "A statement that waits for its lock makes everybody wait who comes after it, even those who would not have been in each other's way. A change of a millisecond becomes an outage as long as the slowest reader.",
    judged:
      'With a limit for the queue (`--queue-ms`) it fails when readers or writers wait longer behind a migration that itself only waits. Without one that is a remark: any statement with a strong lock queues behind a reader unless something makes it give up. A lock_timeout that does so in time is a pass, though the migration has to be run again.',
    safer: 'Set `lock_timeout` to what users can bear and try again until it gets through.',
    sources: [LOCKS, manual('lock_timeout', 'runtime-config-client.html#GUC-LOCK-TIMEOUT')],
  },
  'old-release-during': {
    title: 'the old release works while it runs',
    measured: 'Answers and errors of the old release while the migration runs, by SQLSTATE or HTTP status.',
    why: 'In a rolling deployment the migration runs while the old release serves everybody.',
    judged:
      'Fails when statements fail that did not fail before; of a deadlock (40P01) it says who waited for whom.',
    safer: 'Expand first: add what the new release needs beside what the old one uses.',
    sources: [PARALLEL_CHANGE, manual('Deadlocks', 'explicit-locking.html#LOCKING-DEADLOCKS')],
  },
  'old-release-after': {
    title: 'the old release works afterwards',
    measured: 'Answers and errors of the old release on the new schema.',
    why: 'Pods of the old release live on until the last one is replaced, and all of them come back when the release is rolled back. On a schema that they do not know, the rollback is the outage.',
    judged: 'Fails when statements fail that worked before the migration.',
    safer:
      'Rename by a new column kept the same as the old one; drop and forbid only in a later release, when no pod of the old one lives.',
    sources: [PARALLEL_CHANGE],
  },
  'new-release-before': {
    title: 'the new release on the old schema',
    measured: 'Answers and errors of the new release on the database as it was before the migration.',
    why: "It tells the order: when neither release works on the other's schema there is no order without failed requests.",
    judged: 'Fails only together with `old-release-after`; by itself it says "migrate first, then release".',
    safer: 'Make one of both releases work with both schemas.',
    sources: [PARALLEL_CHANGE],
  },
  'new-release-during': {
    title: 'the new release while it runs',
    measured:
      'Answers and errors of the new release while the migration runs, beside the old one; a release that does not start on the database as it was is not at work then.',
    why: 'Where both are rolled out together, pods of the new release come before the migration is through. They meet states that are there at no other time: a table that is renamed and not yet made again, a lock, a deadlock.',
    judged:
      'Fails when statements fail that do not fail on the database as it was. Those that do say that the migration goes first, which is a remark.',
    safer:
      'Make the states in between fit, by one transaction or by expanding first; or start the new release once the migration is through.',
    sources: [PARALLEL_CHANGE],
  },
  'new-release-after': {
    title: 'the new release works afterwards',
    measured: 'Answers and errors of the new release on the new schema.',
    why: 'It is what the migration is for.',
    judged: 'Fails when one statement fails.',
    safer: 'Add to the migration what the release needs, or hold the release back.',
    sources: [PARALLEL_CHANGE],
  },
} as const satisfies Partial<Record<CheckId, CatalogueEntry>>;
