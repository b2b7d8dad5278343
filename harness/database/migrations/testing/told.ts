import { join } from 'node:path';
import { MettleError } from '#harness/core/errors.ts';
import { type ReadOptions, readMigrations } from '../read.ts';
import type { MigrationState } from '../state.ts';
import type { MigrationSet } from '../types.ts';
import { folderWith } from './folder.ts';

/** Files of a folder by their names. */
type Files = Readonly<Record<string, string | Uint8Array>>;

/** Reads them from a folder of their own. */
export async function read(files: Files, options: ReadOptions = {}, below = ''): Promise<MigrationSet> {
  await using folder = await folderWith(files);
  return await readMigrations(join(folder.path, below), options);
}

/** Name, statements up and down, whether in a transaction. */
export function told({
  migrations,
}: MigrationSet): readonly (readonly [string, number, number | undefined, boolean])[] {
  return migrations.map(({ name, up, down, in_transaction }) => [
    name,
    up.statements.length,
    down?.statements.length,
    in_transaction,
  ]);
}

/** Names of what a database has seen of them, and of what is due. */
export function names({ applied, pending }: MigrationState): readonly (readonly string[])[] {
  return [applied.map(({ name }) => name), pending.map(({ name }) => name)];
}

/** Of each migration with a way back, whether that is one transaction. */
export function downs({ migrations }: MigrationSet): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    migrations.flatMap(({ name, down }) => (down === undefined ? [] : [[name, down.in_transaction]])),
  );
}

/** Why they are not read; the folder is called DIR. */
export async function refusal(files: Files, options: ReadOptions = {}, below = ''): Promise<string> {
  await using folder = await folderWith(files);
  try {
    await readMigrations(join(folder.path, below), options);
  } catch (error) {
    if (error instanceof MettleError) return error.message.replaceAll(folder.path, 'DIR');
    throw error;
  }
  throw new Error('it was read');
}
