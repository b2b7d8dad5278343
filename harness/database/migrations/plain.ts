import { basename, dirname } from 'node:path';
import { mayEndTransaction, optionalDown, readSqlFile } from './adapter.ts';
import type { Migration, MigrationSet, SqlFile } from './types.ts';

/** Statements that no transaction may hold run outside of one; so does a file that begins and ends its own. */
function runsInTransaction({ statements }: SqlFile): boolean {
  return !statements.some((one) => mayEndTransaction(one) || one.transaction_control);
}

/** One migration as two files of plain SQL, named by nobody's rules. */
export async function readPlainMigration(up: string, down?: string): Promise<Migration> {
  const up_file = await readSqlFile(up);
  return {
    name: basename(up, '.sql'),
    tool: 'sql',
    up: up_file,
    ...(await optionalDown(down ?? '', down !== undefined, runsInTransaction)),
    in_transaction: runsInTransaction(up_file),
  };
}

/**
 * A set of one migration, given as an up file and, if there is one, a down file.
 *
 * @throws UsageError when a file cannot be read or does not parse
 */
export async function readPlainPair(up: string, down?: string): Promise<MigrationSet> {
  return { tool: 'sql', root: dirname(up), migrations: [await readPlainMigration(up, down)] };
}
