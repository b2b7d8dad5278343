import { rm } from 'node:fs/promises';
import { stateFiles } from '#harness/process/paths.ts';
import { processOf } from './owner.ts';

/** Where `writeDurably` writes what others read. */
const FOLDERS = ['receipts', 'clusters', 'wardens'] as const;
const UNFINISHED = /\.(\d+)\.new$/;

/**
 * Removes files that were being written when their writer was killed. Nothing is owed for them: a receipt is whole before its
 * debt is made, and one that is written anew is still there as it was.
 */
export async function removeUnfinished(): Promise<void> {
  for (const name of FOLDERS) {
    for (const path of await stateFiles(name)) {
      const writer = UNFINISHED.exec(path)?.[1];
      if (writer !== undefined && (await processOf(Number(writer))) === undefined)
        await rm(path, { force: true });
    }
  }
}
