/** Whether what the releases wrote while all went on is there afterwards. */
import type { GuardFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { UnderLoadFacts, WrittenFacts, WrittenTableFacts } from '#harness/core/guard/load-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { statementsAbout } from './attribution.ts';
import { type Check, type Found, holds, need } from './check.ts';
import { touchedTables } from './touched-tables.ts';
import type { SaferWay } from './verdict.ts';
import { count, counted, list } from './words.ts';

const LIMIT = '0 rows that were written are missing or different';

function harmed({ missing, changed, returned }: WrittenTableFacts): number {
  return missing + changed + returned;
}

function tableLine({ table, missing, changed, returned, columns, examples }: WrittenTableFacts): string {
  const parts = [
    missing > 0 ? `${counted(missing, 'row')} written and not there` : undefined,
    changed > 0
      ? `${counted(changed, 'row')} with another value than was written (${list(columns)})`
      : undefined,
    returned > 0 ? `${counted(returned, 'row')} deleted and there again` : undefined,
  ].flatMap((part) => part ?? []);
  const shown = examples.length === 0 ? '' : `, for example ${examples.join('; ')}`;
  return `${table}: ${list(parts)}${shown}`;
}

/** Taken by whoever copies, so that readers go on and nobody writes in between. */
function saferThanCopying(bad: readonly WrittenTableFacts[]): SaferWay {
  const locks = bad.map(({ table }) => `LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE;\n`).join('');
  return {
    text: 'Hold writers off for copy and swap together, in one transaction, where they can bear it; for longer copies keep both tables the same by a trigger from before the copy until after the swap.',
    sql: `BEGIN;\nSET LOCAL lock_timeout = '2s';\n${locks}-- The copy, and the swap.\nCOMMIT;\n`,
  };
}

/** Writes that were answered as done, by the clients. */
function answered({ workloads }: UnderLoadFacts): number {
  return workloads
    .flatMap(({ by_statement }) => by_statement)
    .reduce((sum, one) => sum + (one.reads_only ? 0 : one.begun - one.failed), 0);
}

/** @throws MissingEvidence where it is not known of a table that the migration touches */
function needCompared(facts: GuardFacts, migration: MigrationFacts, { not_compared }: WrittenFacts): void {
  const touched = new Set(touchedTables(facts, migration).map(({ table }) => table));
  const unknown = not_compared.filter(({ table }) => touched.has(table));
  if (unknown.length === 0) return;
  throw new MissingEvidence(
    `what was written could not be held against what is there: ${unknown.map(({ table, why }) => `${table}: ${why}`).join('; ')}`,
  );
}

function judge(facts: GuardFacts, migration: MigrationFacts, load: UnderLoadFacts): Found {
  const written = need(
    load.written,
    load.written_missing ?? 'nobody held what was written against what is there',
  );
  const { tables, changes } = written;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const bad = tables.filter((table) => harmed(table) > 0);
  if (bad.length > 0) {
    const lost = bad.reduce((sum, table) => sum + harmed(table), 0);
    return {
      outcome: 'fail',
      severity: 'critical',
      reason: `${counted(lost, 'row')} that the releases wrote to ${list(bad.map(({ table }) => table))} ${lost === 1 ? 'is' : 'are'} not as they left ${lost === 1 ? 'it' : 'them'}`,
      limit: LIMIT,
      measured: `${count(lost)} of ${counted(rows, 'row')}`,
      statements: [...new Set(bad.flatMap(({ table }) => statementsAbout(migration, table)))].toSorted(
        (left, right) => left - right,
      ),
      items: bad.map(tableLine),
      safer: saferThanCopying(bad),
    };
  }
  needCompared(facts, migration, written);
  const sent = answered(load);
  if (changes === 0 && sent > 0) {
    throw new MissingEvidence(
      `${counted(sent, 'write')} of the releases ${sent === 1 ? 'was' : 'were'} answered, and the server knows of no row that they changed`,
    );
  }
  const measured = `0 of ${counted(rows, 'row')}`;
  return changes === 0
    ? holds('the releases at work write nothing', LIMIT, { measured })
    : holds(
        `${counted(rows, 'row')} that the releases wrote ${rows === 1 ? 'is' : 'are'} as they left ${rows === 1 ? 'it' : 'them'}`,
        LIMIT,
        {
          measured,
          derivation: `${counted(changes, 'change')} of rows in the server's log`,
        },
      );
}

/** Nobody is put to work beside a migration that locks nothing which anybody uses. */
function needsNobody({ alone, not_measured }: MigrationFacts): boolean {
  return alone?.outcome === 'applied' && not_measured?.under_load === undefined;
}

export const writesKept: Check = {
  id: 'writes-kept',
  part: 'writes',
  grounds: ['workload-ran'],
  find: ({ facts, migration }) => {
    const { under_load, not_measured } = migration;
    if (under_load !== undefined) return judge(facts, migration, under_load);
    if (needsNobody(migration)) {
      return holds('it locks no table that was there: nobody was put to work beside it', LIMIT);
    }
    throw new MissingEvidence(
      `no release was at work while it ran${not_measured?.under_load === undefined ? '' : `: ${not_measured.under_load}`}`,
    );
  },
};
