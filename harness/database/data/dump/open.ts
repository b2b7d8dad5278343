import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { type Pipe, startPipe } from '#harness/process/pipe.ts';
import { clientPrograms } from '../../server/clients.ts';
import { type Dump, openPlainDump } from './kind.ts';

/** A dump as the script that it stands for. */
export interface DumpScript extends AsyncDisposable {
  /** They end with an error unless all of it was given. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Opens a dump as a script of SQL; pg_restore writes it for the formats that only it reads.
 * @throws UnfitError when there is no pg_restore that knows the dump's version
 */
export async function openDump(dump: Dump): Promise<DumpScript> {
  if (dump.kind === 'plain') {
    const stream = await openPlainDump(dump.path);
    return {
      chunks: stream,
      [Symbol.asyncDispose]: async () => {
        stream.destroy();
      },
    };
  }
  const folder = await restorePrograms(dump);
  return await openProgram([join(folder, 'pg_restore'), '--file=-', dump.path], {}, `the dump ${dump.path}`);
}

/** Folder of a pg_restore that reads this archive. @throws UnfitError when there is none */
export async function restorePrograms({ path, server_version }: Dump): Promise<string> {
  const major = Number.parseInt(server_version ?? '0', 10);
  const programs = await clientPrograms(major);
  if (programs !== undefined) return programs.folder;
  throw new UnfitError(
    `the dump ${path} is an archive of PostgreSQL ${server_version ?? '(unknown version)'}, which needs pg_restore ${major} or newer; this machine has none`,
    {
      next: `Install postgresql-client-${major}, or turn the dump into plain SQL where it is: pg_restore --file=dump.sql`,
    },
  );
}

/** A program that writes a script. @param what it writes, for the message */
export async function openProgram(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  what: string,
): Promise<DumpScript> {
  const pipe = await startPipe(command, env);
  return {
    chunks: untilEnded(pipe, what),
    [Symbol.asyncDispose]: () => pipe[Symbol.asyncDispose](),
  };
}

/** A program that dies in the middle ends its script there: why is told before anybody takes that for the end. */
async function* untilEnded(pipe: Pipe, what: string): AsyncGenerator<Buffer, void, undefined> {
  yield* pipe.stdout;
  const { exit_code, signal, complaint } = await pipe.ended;
  if (exit_code === 0) return;
  throw new UnfitError(`${what} could not be read: ${complaint || `it ended with ${exit_code ?? signal}`}`);
}
