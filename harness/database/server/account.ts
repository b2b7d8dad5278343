import { chown, stat, statfs } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';

/** `nobody`: PostgreSQL refuses to be the superuser of the machine. */
const NOBODY = 65_534;
const FOR_OTHERS = 0o001;

/** The file system in memory of Linux, by its name and its magic number (statfs(2)). */
const IN_MEMORY = '/dev/shm';
const TMPFS = 0x0102_1994;
/** What a server with few rows and some dozens of copies of them takes at most, twice, in bytes. */
const ROOM = 2 * 1024 ** 3;
/** That and as much for everybody else. */
const MEMORY_LEFT = 2 * ROOM;

/** Whether servers have to run as somebody else than whoever runs this process. */
function isSuperuser(): boolean {
  return userInfo().uid === 0;
}

/** The words before a command that is to run as the server's user. */
export function asServerUser(command: readonly string[]): readonly string[] {
  if (!isSuperuser()) return command;
  return [
    'setpriv',
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    '--no-new-privs',
    ...command,
  ];
}

/** Gives a file or folder to the server's user. */
export async function giveToServerUser(path: string): Promise<void> {
  if (isSuperuser()) await chown(path, NOBODY, NOBODY);
}

/** Where programs and prepared data are kept that can be made again; the server's user can read it. */
export async function serverCache(): Promise<string> {
  return join((await openToServer(cacheDir())) ? cacheDir() : '/var/cache/mettle', 'postgres');
}

/** Where the folder of a server with many rows is made. */
export async function serverRuntime(): Promise<string> {
  return (await openToServer(tmpdir())) ? tmpdir() : '/tmp';
}

/**
 * Where the folder of a server with few rows is made: in memory, where there is plenty. A disk's file system takes longer to make
 * and remove the hundreds of files of each copy than everything else takes. Whoever names a folder by `TMPDIR` gets that.
 */
export async function smallServerRuntime(): Promise<string> {
  if (process.env['TMPDIR'] === undefined && process.availableMemory() >= MEMORY_LEFT) {
    const place = await statfs(IN_MEMORY).catch(() => undefined);
    if (place?.type === TMPFS && place.bavail * place.bsize >= ROOM && (await openToServer(IN_MEMORY)))
      return IN_MEMORY;
  }
  return await serverRuntime();
}

/** Everywhere that the folder of a server may be. */
export async function serverRuntimes(): Promise<readonly string[]> {
  const disk = await serverRuntime();
  const memory = await stat(IN_MEMORY).catch(() => undefined);
  return memory === undefined ? [disk] : [disk, IN_MEMORY];
}

/** Whether the server's user reaches what is below this folder, which may not exist yet. */
async function openToServer(folder: string): Promise<boolean> {
  if (!isSuperuser()) return true;
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found !== undefined && (found.mode & FOR_OTHERS) === 0) return false;
  }
  return true;
}
