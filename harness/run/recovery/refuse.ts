/** What must be certain before anything is destroyed, and the proof that a loss without it is refused. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { BackupMethod } from '#harness/core/recovery.ts';
import { type Backup, listBackups, newestUsable } from '#harness/database/backups.ts';
import { type Damage, damageBackup } from '#harness/database/damage.ts';
import type { Offsite } from '#harness/offsite/offsite.ts';
import { run as runProgram } from '#harness/process/run.ts';
import { readFleet, REPOSITORY } from './fleet-repository.ts';
import { SERVER } from './plan.ts';
import type { Losing, Trouble } from './recover.ts';

/** Orders of minutes at 300 requests a second take some MB; a restore keeps two of them for a while. */
const DATABASE_BYTES_MAX = 512 * 1024 * 1024;

/** What a rebuild is to be made from. */
export interface Wanted {
  readonly offsite: Offsite;
  readonly method: BackupMethod;
  /** Commit of the repository. */
  readonly revision: string;
  readonly database_bytes?: number;
}

function repositoryOf({ backups }: Offsite): string {
  return join(dirname(backups), 'repositories', `${REPOSITORY}.git`);
}

/**
 * Makes sure that a cluster could be made again, before it is destroyed.
 * @throws UnfitError when there is no backup that can be restored, no room for it, or nothing in the repository
 * @throws UsageError when the repository does not have the revision
 */
export async function refuseUnrebuildable({
  offsite,
  method,
  revision,
  database_bytes = DATABASE_BYTES_MAX,
}: Wanted): Promise<void> {
  newestUsable(await listBackups(offsite.backups, method), SERVER);
  await readFleet(repositoryOf(offsite), { name: REPOSITORY, wanted: revision });
  await offsite.refuseFullDisk(database_bytes);
}

/** The words of the refusal. @throws Error when nothing is refused */
async function refusalOf(wanted: Wanted): Promise<string> {
  try {
    await refuseUnrebuildable(wanted);
  } catch (error) {
    if (error instanceof UnfitError || error instanceof UsageError) return messageOf(error);
    throw error;
  }
  throw new Error('the loss was not refused, although the cluster could not have been made again');
}

/** Moves something away while something is tried. */
async function without<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  const away = `${path}-away`;
  await rename(path, away);
  try {
    return await act();
  } finally {
    await rm(path, { recursive: true, force: true });
    await rename(away, path);
  }
}

async function withDamage<Result>(
  backups: readonly Backup[],
  damage: Damage,
  act: () => Promise<Result>,
): Promise<Result> {
  const notes = backups.map(async ({ folder }) => {
    const path = join(folder, 'note.json');
    return { path, text: await readFile(path, 'utf8') };
  });
  const kept = await Promise.all(notes);
  try {
    for (const backup of backups) await damageBackup(backup, damage);
    return await act();
  } finally {
    for (const { path, text } of kept) await writeFile(path, text);
  }
}

/** Nothing can be rebuilt for one reason after the other, and each time the loss is refused; then all is as it was. */
export const refusedFirst: Trouble = async ({ run, ground }: Losing) => {
  const { offsite, pushed } = ground;
  const wanted: Wanted = { offsite, method: 'wal', revision: pushed.commit.revision };
  const repository = repositoryOf(offsite);
  const backups = (): Promise<readonly Backup[]> => listBackups(offsite.backups, 'wal');
  const tried: readonly (readonly [string, () => Promise<string>])[] = [
    ['no backup at all', () => without(join(offsite.backups, 'base'), () => refusalOf(wanted))],
    [
      'backups of another database',
      async () => withDamage(await backups(), 'other database', () => refusalOf(wanted)),
    ],
    [
      'backups of a newer server',
      async () => withDamage(await backups(), 'newer server', () => refusalOf(wanted)),
    ],
    [
      'an empty repository',
      () =>
        without(repository, async () => {
          await runProgram(['git', 'init', '--quiet', '--bare', repository]);
          return await refusalOf(wanted);
        }),
    ],
    ['a revision that does not exist', () => refusalOf({ ...wanted, revision: '0'.repeat(40) })],
    ['a full disk', () => refusalOf({ ...wanted, database_bytes: Number.MAX_SAFE_INTEGER / 16 })],
  ];
  for (const [what, attempt] of tried) run.note(`${what}: the loss was refused: ${await attempt()}`);
  return {};
};
