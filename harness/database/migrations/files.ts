import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { placed } from '../sql/text.ts';

/** Offset of the first byte that is no UTF-8. */
function firstBadByte(bytes: Buffer): number {
  // What the decoder could not read it writes as U+FFFD; up to there both texts are the same bytes.
  const again = Buffer.from(bytes.toString('utf8'), 'utf8');
  const end = Math.min(bytes.length, again.length);
  for (let at = 0; at < end; at += 1) if (bytes[at] !== again[at]) return at;
  return end;
}

/**
 * The text of a file of SQL.
 *
 * @throws UsageError when it cannot be read, or is not UTF-8: with line and column of the first such byte
 */
export async function readSqlText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const bad = firstBadByte(bytes);
    const place = placed(bytes.toString('utf8', 0, bad)).placeOfByte(bad);
    throw new UsageError('not UTF-8', {
      position: { file: path, ...place },
      next: 'save the file as UTF-8',
      cause: error,
    });
  }
}

/** What a folder holds. */
export interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** A link counts as what it leads to; one that leads nowhere as a file, whose reading tells why. */
async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return (await stat(join(path, entry.name))).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Names in a folder, in the order of their characters, hidden ones left out.
 *
 * @throws UsageError when the folder cannot be read
 */
export async function listFolder(path: string): Promise<Listing> {
  try {
    const entries = (await readdir(path, { withFileTypes: true })).filter(
      ({ name }) => !name.startsWith('.'),
    );
    const named = await Promise.all(
      entries.map(async (entry) => ({ name: entry.name, is_folder: await isFolder(path, entry) })),
    );
    const names = (is_folder: boolean): readonly string[] =>
      named.flatMap((one) => (one.is_folder === is_folder ? [one.name] : [])).sort();
    return { files: names(false), folders: names(true) };
  } catch (error) {
    throw new UsageError(`cannot read the folder ${path}: ${messageOf(error)}`, { cause: error });
  }
}
