/** What else can be wrong when a cluster has to be rebuilt. */
import { listBackups } from '#harness/database/backups.ts';
import { damageBackup } from '#harness/database/damage.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { BACKUP_CRON_JOB, takeBackup } from '#harness/stack/postgres-backup.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import type { FleetGround, Reached } from './ground.ts';

/** Brought about in the steady state, just before the loss. What it returns is given back at the end of the run. */
export type Trouble = (
  run: ScenarioRun,
  ground: FleetGround,
  before: Reached,
) => Promise<AsyncDisposable | undefined>;

const BACKUP_S = 60;

/** The newest backup is damaged, so that the one before has to do: with the log since then nothing more is lost. */
export const newestBackupDamaged: Trouble = async (run, { offsite }, { ctx }) => {
  // No good one may follow by schedule; the rebuilt cluster has its schedule from Git.
  await ctx.kube.patch(BACKUP_CRON_JOB, { spec: { suspend: true } });
  await takeBackup(ctx, { name: 'postgres-backup-damaged', deadline_s: BACKUP_S });
  const newest = (await listBackups(offsite.backups, 'wal')).toSorted((a, b) => b.taken_at - a.taken_at)[0];
  if (newest === undefined) throw new UnfitError('there is no backup that could be damaged');
  await damageBackup(newest, 'bytes');
  run.note(`backup ${newest.name} was damaged: some bytes in the middle of its largest file are others`);
  return undefined;
};

/** Git does not answer for so long, from just before the loss on. */
export function gitAway(seconds: number): Trouble {
  return async (run, { offsite }) => {
    const outage = await offsite.outage(seconds);
    run.note(`the Git server does not answer for ${seconds} s`);
    return outage;
  };
}
