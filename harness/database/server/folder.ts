import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CleanupError, messageOf } from '#harness/core/errors.ts';
import { writeDurably } from '#harness/lease/durable.ts';
import { isAlive, parseOwner, thisProcess } from '#harness/lease/owner.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { run } from '#harness/process/run.ts';
import { giveToServerUser, serverRuntime, serverRuntimes, smallServerRuntime } from './account.ts';

const PREFIX = 'mettle-postgres-';
const OWNER = 'owner.json';
const UNNAMED_MAX_AGE_MS = 600_000;
const END_SERVER = fileURLToPath(new URL('end-server.sh', import.meta.url));

/** The folder of a server: data, sockets, and who it belongs to. Giving it back ends whatever works in it. */
export interface ServerFolder extends AsyncDisposable {
  readonly path: string;
  readonly data: string;
  readonly sockets: string;
  /** Kills every process of the server and leaves its data. */
  crash(): Promise<void>;
}

/**
 * Makes a folder for a server. A process beside this one removes it, with all that works in it, as soon as this process is
 * gone; what is left all the same (both were killed, the machine stopped) goes when the next one is made.
 * @param small whether it is for few rows
 */
export async function makeServerFolder({ small = false } = {}): Promise<ServerFolder> {
  await sweepServerFolders();
  const path = await mkdtemp(join(small ? await smallServerRuntime() : await serverRuntime(), PREFIX));
  let guard: Child | undefined;
  try {
    await writeDurably(join(path, OWNER), JSON.stringify(await thisProcess()));
    guard = startChild(['/bin/sh', END_SERVER, 'guard', path], { cwd: '/' });
    const sockets = join(path, 'sockets');
    await mkdir(sockets, { mode: 0o700 });
    await giveToServerUser(sockets);
    // Passed through by the server's user; the parts that hold anything are closed to others.
    await chmod(path, 0o711);
    return {
      path,
      data: join(path, 'data'),
      sockets,
      crash: async () => {
        await run(['/bin/sh', END_SERVER, 'crash', path]);
      },
      [Symbol.asyncDispose]: onceOnly(async () => {
        await remove(path, guard);
      }),
    };
  } catch (error) {
    await remove(path, guard);
    throw error;
  }
}

async function remove(path: string, guard: Child | undefined): Promise<void> {
  if (guard === undefined) {
    await rm(path, { recursive: true, force: true });
    return;
  }
  const complaint = text(guard.stderr);
  guard.stdin.end();
  const { exit_code, signal } = await guard.exited;
  if (exit_code !== 0) {
    const why = (await complaint).trim() || `its guard ended with ${signal ?? exit_code}`;
    throw new CleanupError(`the server in ${path} could not be removed: ${why}`, {
      next: `Remove it by hand: sh ${END_SERVER} remove ${path}`,
    });
  }
}

function onceOnly(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= act());
}

/** Removes the servers of processes that are gone. */
export async function sweepServerFolders(): Promise<void> {
  for (const runtime of await serverRuntimes()) {
    for (const name of await readdir(runtime)) {
      if (!name.startsWith(PREFIX)) continue;
      const path = join(runtime, name);
      if (await isLeftBehind(path)) await run(['/bin/sh', END_SERVER, 'remove', path]);
    }
  }
}

async function isLeftBehind(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
    const owner = await readFile(join(path, OWNER), 'utf8').catch(() => undefined);
    // One that was cut off as it was being made says nothing.
    if (owner === undefined) return Date.now() - found.mtimeMs > UNNAMED_MAX_AGE_MS;
    return !(await isAlive(parseOwner(owner)));
  } catch (error) {
    // It goes at this moment.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw new CleanupError(`the folder ${path} of an earlier server cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
