import { type CatalogueEntry, manual, type Source } from './entry.ts';
import type { CheckId, GroundId } from './ids.ts';

/** Checks of what became of rows and values. */
export const DATA_CHECKS = {
  'runs-on-data': {
    title: 'runs on the data that is there',
    measured:
      'The way up runs on a copy of the data, with nobody else at work; the first refusal of the server is kept with its SQLSTATE.',
    why: 'A migration that works on an empty database may meet rows that it cannot convert: values too long, NULLs, duplicates. It then stops in the middle of a deployment.',
    judged:
      'Fails when the server refuses a statement, alone or while the releases work; of a deadlock (40P01) it says who waited for whom. Nothing is lost by that alone: what it left behind is judged by `residue`.',
    safer:
      'Find the rows that do not fit with a query, correct them in batches in a migration of their own, then change the schema.',
    sources: [
      manual('Appendix A, error codes', 'errcodes-appendix.html'),
      manual('ALTER TABLE', 'sql-altertable.html'),
    ],
  },
  'rows-kept': {
    title: 'rows are kept',
    measured:
      'Rows of every table before and after, by the hash of their keys and contents, computed by the server. Rows of a table that is gone count as kept where another table holds them all.',
    why: 'A row that is gone is not brought back by rolling the release back, nor by a down that makes the table again.',
    judged: 'Fails when one row of before is gone. A table that is dropped while it holds no row is no loss.',
    safer:
      'Rename what is no longer needed, or copy it away; drop it in a later release, when nothing has missed it and a backup was restored on trial.',
    sources: [
      manual('DROP TABLE', 'sql-droptable.html'),
      manual('TRUNCATE', 'sql-truncate.html'),
      {
        title: 'Fowler and Sadalage, "Evolutionary Database Design": parallel change',
        url: 'https://martinfowler.com/articles/evodb.html',
      },
    ],
  },
  'values-kept': {
    title: 'values are kept',
    measured:
      'Each column of each table by a hash of its values that does not depend on their order: values changed, cut off, turned into NULL, or gone with their column. Examples are primary keys, never contents.',
    why: 'An explicit cast cuts a text off without an error, where a plain change of type refuses it: the same two words in SQL, one of them loses data.',
    judged:
      'Fails when one value is changed, cut off, nulled or lost that was not asked to be. A column that is dropped while all its values are NULL is no loss; values that another column holds count as kept. NULLs that are given a value are a remark.',
    safer:
      'Fill a new column beside the old one, compare both, switch, and keep the old one as `_old` until a later release.',
    sources: [
      manual('Character Types (what an explicit cast does)', 'datatype-character.html'),
      manual('ALTER TABLE, SET DATA TYPE ... USING', 'sql-altertable.html'),
    ],
  },
  'writes-kept': {
    title: 'what is written meanwhile is kept',
    measured:
      "Rows that the releases insert, update or delete before, during and after the migration, by the server's own log of changes (logical decoding, without those of the migration), held against what is there at the end, by primary key; without any key by all values of the row.",
    why: 'A table that is copied and swapped loses what was written between the copy and the swap, and nobody is told: each write was answered, and a run without users shows no loss.',
    judged:
      'Fails when one row that a release wrote last is missing, has another value than it wrote, or is there though it was deleted. Columns that the migration changes where it runs alone are told by `values-kept`; NULLs may be given a value. Where it cannot be told what a written row is known by afterwards, in a table that the migration touches, it is inconclusive.',
    safer:
      'Keep both tables the same by a trigger from before the copy until after the swap, or hold the writers off for copy and swap together in one transaction.',
    sources: [
      manual('Logical Decoding', 'logicaldecoding.html'),
      manual('test_decoding', 'test-decoding.html'),
      manual('CREATE TRIGGER', 'sql-createtrigger.html'),
    ],
  },
  'table-rewrite': {
    title: 'tables written anew, indexes built under a lock',
    measured:
      'Tables that held rows and whose file on disk is another one after the statement, indexes that it built, write-ahead log and disk space that it took, and the strongest lock that it held.',
    why: 'A rewrite copies every row under ACCESS EXCLUSIVE: nobody reads or writes meanwhile, the disk holds the table twice, and replicas get all of it as write-ahead log.',
    judged:
      'Fails when a table with more than 100 rows is written anew, or indexed, while a lock is held that stops writers. A change of type that the server need not convert is none. Partitions count for as many rows as they hold of their table.',
    safer:
      'A constant default instead of a volatile one; `CREATE INDEX CONCURRENTLY`; a new column filled in batches instead of a change of type.',
    sources: [
      manual('ALTER TABLE, notes', 'sql-altertable.html#SQL-ALTERTABLE-NOTES'),
      manual(
        'CREATE INDEX, building indexes concurrently',
        'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
      ),
    ],
  },
  growth: {
    title: 'grows with the data',
    measured:
      'The migration on copies with all rows and with shares of them (1, 3 and 10 %; up to 200,000 rows also 30 %), whose rows are those that were there: how long others wait, how long it takes, write-ahead log, disk for good, disk at the most while it runs (old and new files together; not the files in which the server sorts), and pages that it looked at. Each with its growth and, where the real size is known (`--real-rows`, `--like`, or a copy of the live database itself), with an estimate and the interval of it, over every law that the measurements allow: a fixed cost and a power of the rows, or n log n. Fewer than 100,000 rows in the largest table that it touches say nothing; of several migrations those that took less than 10 ms alone, wrote no table anew and built no index are passed over. Both are told as not judged.',
    why: 'What takes a blink on ten thousand rows takes an hour on a hundred million. Whether time grows not at all, with the rows or worse cannot be seen at one size.',
    judged:
      'By the waits alone; all else is told. Fails when others would wait longer than the limit at the real size, even at the near end of the interval; inconclusive when the limit lies within the interval. Where they wait too shortly here to be told from chance, the time that it takes bounds what they would wait; a migration that looks at no rows by the count of the server is borne at any size. On a copy with the real size the waits that were measured count. Without a real size growth is a remark. A history has 150 s for all sizes; a costly migration after that is inconclusive.',
    safer: 'Statements whose cost does not depend on rows, and batches for those that do.',
    sources: [
      manual('ALTER TABLE, notes', 'sql-altertable.html#SQL-ALTERTABLE-NOTES'),
      manual('pg_statio_all_tables', 'monitoring-stats.html#MONITORING-PG-STATIO-ALL-TABLES-VIEW'),
      { title: 'Draper and Smith, "Applied Regression Analysis", 3rd ed., chapter 24' },
    ],
  },
} as const satisfies Partial<Record<CheckId, CatalogueEntry>>;

/** Why there are grounds at all. */
const EVIDENCE: Source = { title: 'Mettle, harness/DESIGN.md: "A pass on shaky ground is none"' };

/** What a pass rests on. */
export const GROUNDS = {
  'data-present': {
    title: 'there is data',
    measured:
      'Rows of the tables that the migration names, or was seen to lock, in the copy that it ran on; of partitions, those of their table.',
    why: 'On empty tables every statement is quick and no value is lost: that proves nothing.',
    judged:
      'Without a row in them, or in one whose rows a statement must scan, convert or check, checks of rows, values and waiting are inconclusive. A table that is only referred to may be empty.',
    safer: 'Give a dump, a database to copy from, or let data be generated.',
    sources: [EVIDENCE],
  },
  'workload-ran': {
    title: 'both releases were at work',
    measured:
      'Statements or requests that were due, begun and answered in each stretch of the run, and how late they began.',
    why: 'A workload that never ran meets no error and waits for nobody.',
    judged: 'Without a workload that met its rate, checks of releases and waiting are inconclusive.',
    safer: 'Give the statements of both releases with rates, and a rate that the machine can keep up.',
    sources: [EVIDENCE, { title: 'Tene, "How NOT to Measure Latency"' }],
  },
  sampled: {
    title: 'locks were looked at often enough',
    measured: 'Time between two looks at the locks of the server, its median and its longest.',
    why: 'A wait that begins and ends between two looks is not seen.',
    judged:
      'With looks too far apart, checks of waiting are inconclusive where the clients saw nothing either.',
    safer: 'Run it on a machine with less else to do.',
    sources: [manual('pg_locks', 'view-pg-locks.html')],
  },
} as const satisfies Record<GroundId, CatalogueEntry>;
