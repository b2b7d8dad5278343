import { join, resolve } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';

/** The project's own folder. */
export const PROJECT = resolve(import.meta.dirname, '../..');

/** Locked Go folders, the bill of materials and the files of the node image. */
export const LOCKS = join(PROJECT, 'fixtures/images');

/** Shelves of the cache; each entry's name ends in the key of what it was made from. */
export type Shelf = 'bin' | 'rootfs' | 'images' | 'tools';
export const SHELVES: readonly Shelf[] = ['bin', 'rootfs', 'images', 'tools'];

/** Path of a shelf in the user's cache. */
export function shelf(name: Shelf): string {
  return join(cacheDir(), name);
}
