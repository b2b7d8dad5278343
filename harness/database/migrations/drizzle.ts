import * as v from 'valibot';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { type Adapter, inFolder, type MigrationFolder, readSqlFile, refuseDuplicates } from './adapter.ts';
import { readSqlText } from './files.ts';
import type { Migration } from './types.ts';

const JournalSchema = v.looseObject({
  dialect: v.string(),
  entries: v.array(v.looseObject({ idx: v.number(), when: v.number(), tag: v.string() })),
});

/** One line of the journal. */
export type JournalEntry = v.InferOutput<typeof JournalSchema>['entries'][number];

/**
 * Drizzle's journal, in its order.
 *
 * @throws UsageError when it is no journal, or one whose times go back: Drizzle skips what is older than the last one it ran
 */
export async function readJournal(root: string): Promise<readonly JournalEntry[]> {
  const path = `${root}/meta/_journal.json`;
  let journal: v.InferOutput<typeof JournalSchema>;
  try {
    journal = v.parse(JournalSchema, JSON.parse(await readSqlText(path)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} is not a journal of Drizzle: ${messageOf(error)}`, { cause: error });
  }
  if (journal.dialect !== 'postgresql' && journal.dialect !== 'pg') {
    throw new UsageError(`${path} is for ${journal.dialect}; the guard judges migrations of PostgreSQL`);
  }
  const entries = journal.entries.toSorted((left, right) => left.idx - right.idx);
  for (const [at, entry] of entries.entries()) {
    const before = entries[at - 1];
    if (before !== undefined && entry.when <= before.when) {
      throw new UsageError(
        `${path}: ${entry.tag} is not younger than ${before.tag}, which runs before it; Drizzle would skip it without a word`,
        { next: 'generate the later one again, or correct its `when`' },
      );
    }
  }
  return entries;
}

async function readOne(folder: MigrationFolder, { tag, when }: JournalEntry): Promise<Migration> {
  if (!folder.files.includes(`${tag}.sql`)) {
    throw new UsageError(`the journal of ${folder.path} names ${tag}, but there is no ${tag}.sql`);
  }
  const up = await readSqlFile(inFolder(folder, `${tag}.sql`));
  return { name: tag, tool: 'drizzle', version: String(when), up, in_transaction: true };
}

/**
 * Files in the order of `meta/_journal.json`; no way down. All that is due runs in one transaction.
 * Source: Drizzle ORM, `migrator.ts` and `pg-core/dialect.ts`.
 */
export const drizzle: Adapter = {
  tool: 'drizzle',
  naming: '0000_name.sql beside meta/_journal.json',
  recognises: ({ files, folders }) =>
    folders.includes('meta') && files.some((name) => /^\d+_.*\.sql$/.test(name)),
  read: async (folder) => {
    const entries = await readJournal(folder.path);
    const migrations = await Promise.all(entries.map((entry) => readOne(folder, entry)));
    refuseDuplicates(migrations, ({ name }) => name);
    return migrations;
  },
};
