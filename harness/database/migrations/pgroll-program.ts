/** The program pgroll, which alone knows the SQL of its operations: it depends on the tables that it finds. */
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { findProgram } from '#harness/process/paths.ts';
import { tryRun } from '#harness/process/run.ts';
import { addressUrl, withoutPassword } from '../server/address.ts';
import { startEmbedded } from '../server/embedded.ts';
import {
  type LoggedStatement,
  logStatements,
  StatementLog,
  statementsDuring,
} from '../server/statement-log.ts';
import type { Address, ScratchDatabase } from '../server/types.ts';
import type { ProgramOptions } from './adapter.ts';

const NAME = 'pgroll';
const ACT_S = 120;
/**
 * Rows that are filled in at a time: all. Left to itself pgroll stops after some, asks which was the last, and begins the next
 * batch there; what it sends would then fit the rows that it found alone.
 */
const BATCH_ROWS = 1_000_000_000;

/** What pgroll sent for one migration. */
export interface RecordedMigration {
  /** Brings the new version in beside the old one. */
  readonly start: readonly LoggedStatement[];
  /** Takes that back. */
  readonly rollback: readonly LoggedStatement[];
  /** Ends the old version. */
  readonly complete: readonly LoggedStatement[];
}

/** Where pgroll is on this machine; undefined where it is not. */
export function findPgroll(): string | undefined {
  return findProgram(NAME);
}

async function pgroll(
  program: string,
  address: Address,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  // Not as an argument: every user of a machine may read those.
  const env = { PGROLL_PG_URL: `${addressUrl(address)}?sslmode=disable&application_name=${NAME}` };
  const { exit_code, stdout, stderr } = await tryRun([program, ...args], {
    env,
    timeout_s: ACT_S,
    signal,
  });
  signal.throwIfAborted();
  if (exit_code === 0) return undefined;
  return withoutPassword(`${stdout}\n${stderr}`.trim(), address);
}

/**
 * Runs migrations by pgroll, one after the other, from an empty database on, and takes down what it sends. Each is taken
 * back once as well, on a copy.
 * @param files paths, in the order of their names
 * @throws UsageError with pgroll's own words where it refuses one
 */
export async function recordMigrations(
  program: string,
  files: readonly string[],
  { postgres, signal = new AbortController().signal, progress }: ProgramOptions,
): Promise<readonly RecordedMigration[]> {
  const log = new StatementLog();
  await using server = await startEmbedded({
    version: postgres,
    small: true,
    foreign_clients: true,
    signal,
    onLog: (line) => {
      log.take(line);
    },
  });
  await using database = await server.create();
  await logStatements(database.address);
  const refused = await pgroll(program, database.address, ['init'], signal);
  if (refused !== undefined) throw new UnfitError(`pgroll init failed:\n${refused}`);

  const act = async (file: string, on: ScratchDatabase, args: readonly string[]) =>
    await statementsDuring(log, on.address, NAME, async () => {
      const complaint = await pgroll(program, on.address, args, signal);
      if (complaint !== undefined) {
        throw new UsageError(`pgroll ${args[0] ?? ''} refuses ${file}:\n${complaint}`, {
          next: `run pgroll validate ${file} against a database with the migrations before it`,
        });
      }
    });
  const recorded: RecordedMigration[] = [];
  for (const [index, file] of files.entries()) {
    signal.throwIfAborted();
    progress?.(`${file} (${index + 1} of ${files.length})`);
    const start = ['start', file, `--backfill-batch-size=${BATCH_ROWS}`];
    await using copy = await server.create({ template: database });
    await act(file, copy, start);
    recorded.push({
      rollback: await act(file, copy, ['rollback']),
      start: await act(file, database, start),
      complete: await act(file, database, ['complete']),
    });
  }
  return recorded;
}
