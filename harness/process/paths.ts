import { accessSync, constants } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import envPaths from 'env-paths';

/** Where what can be made again is kept, by content: `$XDG_CACHE_HOME/mettle`. */
export function cacheDir(): string {
  return envPaths('mettle', { suffix: '' }).cache;
}

/** Where Mettle remembers what it owes to this machine (receipts, clusters, logs): `$XDG_STATE_HOME/mettle`. */
export function stateDir(): string {
  return envPaths('mettle', { suffix: '' }).log;
}

type StateFolder = 'clusters' | 'receipts' | 'wardens' | 'logs' | 'locks' | 'evidence' | 'offsite';

/** A folder below the state folder, made if absent and closed to other users: it holds credentials of clusters. */
export async function stateFolder(name: StateFolder): Promise<string> {
  const folder = join(stateDir(), name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Paths of the files in such a folder. Looking makes nothing: a folder that was never needed holds none. */
export async function stateFiles(name: StateFolder): Promise<readonly string[]> {
  const folder = join(stateDir(), name);
  try {
    return (await readdir(folder)).sort().map((file) => join(folder, file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Folders that a plain user's PATH leaves out on Debian, where daemons and network tools live. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Path of the program that would be started by this name, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
