import { chown, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';

/** `nobody`: PostgreSQL refuses to be the superuser of the machine. */
const NOBODY = 65_534;
const FOR_OTHERS = 0o001;

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

/** Where the folders of running servers are. */
export async function serverRuntime(): Promise<string> {
  return (await openToServer(tmpdir())) ? tmpdir() : '/tmp';
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
