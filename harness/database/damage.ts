/** Backups that are broken on purpose: a restore must notice each. */
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import type { Backup } from './backups.ts';

/**
 * - `bytes`: some bytes in the middle of its largest file of data are others
 * - `truncated`: its largest file of data ends half-way
 * - `note missing`: nothing says what it is
 * - `other database`, `other system`, `newer server`: its note says so
 */
export type Damage =
  | 'bytes'
  | 'truncated'
  | 'note missing'
  | 'other database'
  | 'other system'
  | 'newer server';

const BYTES = 16;

interface Found {
  readonly path: string;
  readonly bytes: number;
}

/** The log in a base backup: PostgreSQL's manifest leaves it out, and a restore takes the archive's in its place. */
const LOG = 'pg_wal';

/** The largest file is one that holds data, in a base backup as well as in a dump. */
async function largestFile(folder: string): Promise<Found> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && basename(entry.parentPath) !== LOG)
      .map(async (entry): Promise<Found> => {
        const path = join(entry.parentPath, entry.name);
        return { path, bytes: (await stat(path)).size };
      }),
  );
  const [largest] = files.toSorted((a, b) => b.bytes - a.bytes);
  if (largest === undefined) throw new UnfitError(`there is nothing in ${folder} that could be damaged`);
  return largest;
}

async function changeBytes({ path, bytes }: Found): Promise<void> {
  await using file = await open(path, 'r+');
  const position = Math.floor(bytes / 2);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES), 0, BYTES, position);
  await file.write(
    buffer.subarray(0, bytesRead).map((byte) => byte ^ 0xff),
    0,
    bytesRead,
    position,
  );
  await file.sync();
}

/** The note is changed as text: it stays as its writer wrote it, a line for each field. */
async function changeNote(folder: string, field: RegExp, to: string): Promise<void> {
  const path = join(folder, 'note.json');
  const text = await readFile(path, 'utf8');
  if (!field.test(text)) throw new UnfitError(`${path} has no field that could be changed`);
  await writeFile(path, text.replace(field, to));
}

/**
 * Damages a backup, and says what was done.
 * @throws UnfitError when there is nothing to damage
 */
export async function damageBackup({ folder }: Pick<Backup, 'folder'>, damage: Damage): Promise<string> {
  switch (damage) {
    case 'bytes': {
      const file = await largestFile(folder);
      await changeBytes(file);
      return `${BYTES} bytes in the middle of ${file.path} were inverted`;
    }
    case 'truncated': {
      const { path, bytes } = await largestFile(folder);
      await truncate(path, Math.floor(bytes / 2));
      return `${path} was cut from ${bytes} to ${Math.floor(bytes / 2)} bytes`;
    }
    case 'note missing':
      await rm(join(folder, 'note.json'));
      return `the note of ${folder} was removed`;
    case 'other database':
      await changeNote(folder, /"database": "[^"]*"/, '"database": "warehouse"');
      return `the note of ${folder} names the database warehouse`;
    case 'other system':
      await changeNote(folder, /"system_identifier": "\d*"/, '"system_identifier": "1"');
      return `the note of ${folder} names the database system 1`;
    case 'newer server':
      await changeNote(folder, /"server_version": \d*/, '"server_version": 990000');
      return `the note of ${folder} names PostgreSQL 99`;
  }
}
