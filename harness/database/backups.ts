/**
 * The store of backups, read from where it is kept: outside the cluster. Its layout is written down in
 * fixtures/images/postgres/common, by the programs that fill it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { BackupMethod } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

const NoteSchema = v.object({
  method: v.picklist(['wal', 'dump']),
  started: v.pipe(v.string(), v.isoTimestamp()),
  ended: v.pipe(v.string(), v.isoTimestamp()),
  /** As PostgreSQL counts versions: 150020 is 15.20. */
  server_version: v.number(),
  system_identifier: v.string(),
  database: v.string(),
  /** Rows by `schema.table`. Those of a base backup were counted just before it began. */
  tables: v.record(v.string(), v.number()),
  /** Of a dump, hexadecimal. */
  sha256: v.optional(v.string()),
});

/** What a backup says of itself. */
export type BackupNote = v.InferOutput<typeof NoteSchema>;

/** A complete backup. */
export interface Backup {
  /** The time when it began: `20261121T143246Z`. */
  readonly name: string;
  readonly method: BackupMethod;
  readonly folder: string;
  readonly taken_at: EpochMs;
  /** Absent where it cannot be read; then `problem` says why. */
  readonly note?: BackupNote;
  readonly problem?: string;
}

/** What a backup must be to be restored. */
export interface WantedBackup {
  readonly database: string;
  /** Newest major version of PostgreSQL that its data may be of. */
  readonly server_major: number;
}

/** Folder below the store by method. */
const FOLDER: Readonly<Record<BackupMethod, string>> = { wal: 'base', dump: 'dump' };

const NAME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** When a backup began, by its name; undefined for what is no backup. */
export function timeOfName(name: string): EpochMs | undefined {
  if (!NAME.test(name)) return undefined;
  const time = Date.parse(name.replace(NAME, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new UnfitError(`the store of backups cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function readBackup(
  folder: string,
  name: string,
  method: BackupMethod,
  named: EpochMs,
): Promise<Backup> {
  const backup = { name, method, folder };
  try {
    const text = await readFile(join(folder, 'note.json'), 'utf8');
    const note = v.parse(NoteSchema, JSON.parse(text));
    return { ...backup, taken_at: Date.parse(note.started), note };
  } catch (error) {
    return { ...backup, taken_at: named, problem: `its note cannot be read: ${messageOf(error)}` };
  }
}

/**
 * The complete backups of a store, the newest first.
 * @throws UnfitError when the store cannot be read; one that nothing was stored in yet is empty
 */
export async function listBackups(store: string, method: BackupMethod): Promise<readonly Backup[]> {
  const folder = join(store, FOLDER[method]);
  const read = (await namesIn(folder)).map(async (name) => {
    const named = timeOfName(name);
    return named === undefined ? [] : [await readBackup(join(folder, name), name, method, named)];
  });
  return (await Promise.all(read)).flat().sort((a, b) => (a.name < b.name ? 1 : -1));
}

/** Why a backup cannot be restored, as far as its note tells; undefined where it can. */
export function objectionTo(
  { note, problem }: Pick<Backup, 'note' | 'problem'>,
  { database, server_major }: WantedBackup,
): string | undefined {
  if (note === undefined) return problem ?? 'it has no note';
  if (note.database !== database) return `it is of the database ${note.database}, not of ${database}`;
  const major = Math.floor(note.server_version / 10_000);
  if (major <= server_major) return undefined;
  return `it is of PostgreSQL ${major}, which is newer than the server (${server_major})`;
}

/**
 * The newest backup that can be restored as far as notes tell, to be asked for before anything is destroyed. Damage is
 * found by the restore itself.
 * @throws UnfitError when there is none, with the objection to each
 */
export function newestUsable(backups: readonly Backup[], wanted: WantedBackup): Backup {
  const usable = backups.find((one) => objectionTo(one, wanted) === undefined);
  if (usable !== undefined) return usable;
  const objections = backups.map((one) => `${one.name}: ${objectionTo(one, wanted)}`);
  throw new UnfitError(
    objections.length === 0
      ? 'there is no backup of the database'
      : `no backup of the database can be restored: ${objections.join('; ')}`,
    { next: 'Take a backup, and look at what its Job says; nothing was destroyed.' },
  );
}
