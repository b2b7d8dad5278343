/** What each adapter of a migration tool has, and rules that all of them share. */
import { join } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { readSql } from '../sql/read.ts';
import { type Listing, readSqlText } from './files.ts';
import type { Migration, MigrationTool, SqlFile, SqlStatement } from './types.ts';

/** A folder of migrations. */
export interface MigrationFolder extends Listing {
  readonly path: string;
}

/** For a tool whose SQL only its own program knows: it is run on a server of its own. */
export interface ProgramOptions {
  /** Version of the server; the newest when absent. */
  readonly postgres?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** How one tool names, orders and runs its migrations. */
export interface Adapter {
  readonly tool: MigrationTool;
  /** What a folder of this tool looks like, for a message. */
  readonly naming: string;
  /** Whether the names in the folder are those of this tool. */
  recognises(folder: MigrationFolder): boolean;
  /**
   * Migrations in the order in which the tool runs them.
   *
   * @throws UsageError when a file cannot be read, does not parse or breaks the rules of the tool
   * @throws UnfitError where only the tool's program knows the SQL, and it is not there
   */
  read(folder: MigrationFolder, options: ProgramOptions): Promise<readonly Migration[]>;
}

/** An SQL file with its statements. */
export async function readSqlFile(path: string): Promise<SqlFile> {
  return readSql(path, await readSqlText(path));
}

/** A way back, as a part of a migration. */
export function downPart(file: SqlFile, in_transaction: boolean): Pick<Migration, 'down'> {
  return { down: { ...file, in_transaction } };
}

/**
 * The down file where there is one, as a part of a migration.
 *
 * @param inTransaction tells whether the tool runs the file in one transaction
 */
export async function optionalDown(
  path: string,
  is_there: boolean,
  inTransaction: (file: SqlFile) => boolean,
): Promise<Pick<Migration, 'down'>> {
  if (!is_there) return {};
  const file = await readSqlFile(path);
  return downPart(file, inTransaction(file));
}

/** A statement that is refused within a transaction, or that runs code which may end one: `CALL`. */
export function mayEndTransaction({ needs_no_transaction, kind }: SqlStatement): boolean {
  return needs_no_transaction || kind === 'CallStmt';
}

/**
 * Whether a text that is sent to the server as a whole runs in one transaction: the server makes one of it, unless it is a
 * single statement that needs none or has `BEGIN` and `COMMIT` of its own. Source: PostgreSQL, "Multiple Statements in a
 * Simple Query".
 */
export function runsAsWhole({ statements }: SqlFile): boolean {
  if (statements.some(({ transaction_control }) => transaction_control)) return false;
  return statements.length > 1 || !statements.some(mayEndTransaction);
}

/**
 * Two migrations that the tool takes for the same one.
 *
 * @param key by which the tool tells them apart
 * @throws UsageError naming both
 */
export function refuseDuplicates(
  migrations: readonly Migration[],
  key: (migration: Migration) => string,
): void {
  const seen = new Map<string, Migration>();
  for (const migration of migrations) {
    const other = seen.get(key(migration));
    if (other !== undefined) {
      throw new UsageError(
        `${migration.up.path} has the same version as ${other.up.path}: ${key(migration)}; the tool can run one of them only`,
        { next: 'give one of them another version' },
      );
    }
    seen.set(key(migration), migration);
  }
}

/**
 * Lines from one to before another, the rest blank: what is found in the part stands where it stands in the whole file.
 *
 * @param from index of the first line
 * @param to index of the line after the last one
 */
export function onlyLines(text: string, from: number, to: number): string {
  return text
    .split('\n')
    .map((line, index) => (index >= from && index < to ? line : ''))
    .join('\n');
}

/** Order of numbers that may have more digits than a number holds. */
export function compareDigits(left: string, right: string): number {
  const [a, b] = [BigInt(left), BigInt(right)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Path of a file in the folder. */
export function inFolder(folder: MigrationFolder, ...names: readonly string[]): string {
  return join(folder.path, ...names);
}
