import { type CatalogueEntry, manual } from './entry.ts';
import type { CheckId } from './ids.ts';

const INVALID_INDEX = manual(
  'CREATE INDEX, building indexes concurrently',
  'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
);
const TRANSACTIONS = manual('Transactions', 'tutorial-transactions.html');

/** Checks of the way back and of breaking off in the middle; the linter's findings. */
export const RETURN_CHECKS = {
  'down-present': {
    title: 'there is a way back',
    measured: 'A down beside the up.',
    why: 'Without one the only way back is a backup, and all that was written since it is lost.',
    judged: 'Fails without a down, unless the person left the way back out.',
    safer: 'Write the down with the up, and let both be tried together.',
    sources: [{ title: 'GitLab, migration style guide, "Reversibility"' }],
  },
  'round-trip-schema': {
    title: 'up and down give the schema back',
    measured:
      'Tables, columns, constraints, indexes and sequences after up and down against those before, and after up, down and up against those after the first up.',
    why: 'A down that forgets an index or a default leaves a database that nobody has tested.',
    judged: 'Fails with one difference.',
    safer: 'A statement in the down for each one in the up, in the opposite order.',
    sources: [{ title: 'Liquibase, `update-testing-rollback` (update, roll back, update)' }],
  },
  'round-trip-data': {
    title: 'up and down give the data back',
    measured:
      'Rows and values after up and down against those before, with what the new release wrote in between.',
    why: 'A down that makes a column again makes it empty: the schema is back, the data is not.',
    judged:
      'Fails when one row or value of before is not there, or one row that was written in between is lost.',
    safer: 'Keep what is taken away under another name, and let the down rename it back.',
    sources: [manual('ALTER TABLE, DROP COLUMN', 'sql-altertable.html')],
  },
  'killed-client': {
    title: 'its client is killed',
    measured:
      'The client is ended with SIGKILL at several points; the state of the database, and whether another run leads to the same end as an unbroken one.',
    why: 'Jobs are evicted, laptops sleep. A migration that is neither done nor undone stops every deployment after it.',
    judged: 'Fails when the database is left in between and another run does not mend it.',
    safer:
      'One transaction; where that cannot be, statements that can be repeated: `IF NOT EXISTS`, `DROP INDEX CONCURRENTLY IF EXISTS` before the build.',
    sources: [TRANSACTIONS, INVALID_INDEX],
  },
  'killed-server': {
    title: 'its server is killed',
    measured: 'The same, with every process of the server ended by SIGKILL and its recovery waited for.',
    why: 'A node that dies takes the server with it.',
    judged: 'Fails when the database is left in between and another run does not mend it.',
    safer: 'As for the client: one transaction, or statements that can be repeated.',
    sources: [manual('Write-Ahead Logging', 'wal-intro.html'), INVALID_INDEX],
  },
  'connection-cut': {
    title: 'its connection is cut',
    measured: 'The same, with the connection closed between client and server.',
    why: 'The server may go on with a statement whose client is gone, and hold its locks meanwhile.',
    judged: 'Fails when the database is left in between and another run does not mend it.',
    safer:
      'One transaction, `statement_timeout`, and `client_connection_check_interval` for long statements.',
    sources: [
      manual(
        'client_connection_check_interval',
        'runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL',
      ),
    ],
  },
  residue: {
    title: 'it leaves nothing behind',
    measured:
      'Invalid indexes, constraints that were never validated, tables half made, prepared transactions: what was not there before and is not what the migration is for.',
    why: 'An invalid index costs every write and serves no read, and `IF NOT EXISTS` takes it for done.',
    judged: 'Fails when a refused or broken run leaves something behind.',
    safer: 'Drop the index `CONCURRENTLY IF EXISTS` before it is built; put the rest into one transaction.',
    sources: [INVALID_INDEX],
  },
  lint: {
    title: "the linter's findings",
    measured: 'What squawk says of the same files, its rule names unchanged.',
    why: 'A linter knows what often goes wrong without running anything, and knows neither the data nor the load.',
    judged:
      'Never fails by itself: each finding stands beside what was measured of the same statement, which confirms or overturns it.',
    safer: 'See the page of the rule.',
    sources: [{ title: 'squawk, rules', url: 'https://squawkhq.com/docs/rules' }],
  },
} as const satisfies Partial<Record<CheckId, CatalogueEntry>>;
