import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

/** Writes a file so that it is whole and on the disk once this returns, or not there at all. Readable by its owner only. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  {
    await using file = await open(fresh, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

/** Removes a file, if it is there, so that it stays removed after a power cut. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await syncFolder(dirname(path));
  } catch (error) {
    // Without a folder there is nothing that could come back.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
