/** What else can be wrong when something is lost: it comes about while the cluster is still there. */
import { UnfitError } from '#harness/core/errors.ts';
import { identifier } from '#harness/database/ask.ts';
import { type Backup, listBackups } from '#harness/database/backups.ts';
import { damageBackup } from '#harness/database/damage.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { setChatBehaviour } from '#harness/stack/chat.ts';
import { BACKUP_CRON_JOB, takeBackup } from '#harness/stack/postgres-backup.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import { shopMigration } from '#harness/stack/shop-migration.ts';
import { untilPhase } from '#harness/stack/shop.ts';
import { NEXT } from '../rollout-run.ts';
import { boundsNow } from './database.ts';
import { pushRelease } from './commits.ts';
import type { Losing, Trouble } from './recover.ts';
import { watchRollouts } from './watches.ts';

const BACKUP_S = 60;
/** Flagger needs a step of 10 s for each 10 % of the traffic. */
const UNDER_WAY_S = 120;
const PROMOTED_S = 180;

/** No further backup is taken by schedule; the rebuilt cluster has its schedule from Git. */
async function suspendBackups({ before: { kube } }: Losing): Promise<void> {
  await kube.patch(BACKUP_CRON_JOB, { spec: { suspend: true } });
}

async function newestBackup({ ground: { offsite } }: Losing, method: 'wal' | 'dump'): Promise<Backup> {
  const [newest] = await listBackups(offsite.backups, method);
  if (newest === undefined) throw new UnfitError('there is no backup in the store');
  return newest;
}

/** The newest backup is damaged, so that the one before has to do: with the log since then nothing more is lost. */
export const newestBackupDamaged: Trouble = async (losing) => {
  await suspendBackups(losing);
  const name = 'postgres-backup-damaged';
  await takeBackup(losing.before.ctx, { name, deadline_s: BACKUP_S });
  const newest = await newestBackup(losing, 'wal');
  await damageBackup(newest, 'bytes');
  losing.run.note(
    `backup ${newest.name} was damaged: some bytes in the middle of its largest file are others`,
  );
  return {};
};

/** The newest dump leaves the orders out, so that the one before has to do, and all orders since then are lost. */
export const newestDumpLacksOrders: Trouble = async (losing) => {
  await suspendBackups(losing);
  const table = `${shopSchema(losing.run.run_id)}.orders`;
  await takeBackup(losing.before.ctx, {
    name: 'postgres-backup-incomplete',
    args: [`--exclude-table=${table}`],
    deadline_s: BACKUP_S,
  });
  const newest = await newestBackup(losing, 'dump');
  losing.run.note(`backup ${newest.name} was taken without the table ${table}`);
  return {};
};

/** Git does not answer for so long, from just before the loss on. */
export function gitAway(seconds: number): Trouble {
  return async ({ run, ground: { offsite } }) => {
    const held = await offsite.outage(seconds);
    run.note(`the Git server does not answer for ${seconds} s`);
    return { held };
  };
}

/** A good release is shipped by commit, and is on its way with at least this share of the traffic. */
export function canaryAt(weight_pct: number): Trouble {
  return async (losing) => {
    const { run, before } = losing;
    await using _watched = await watchRollouts(run, before);
    const ground = await pushRelease(losing, { release: NEXT });
    const canary = `Canary/${run.run_id}/shop`;
    await run.timeline.until(
      {
        awaited: `${canary} to give release ${NEXT} ${weight_pct} % of the traffic`,
        holds: (timeline) =>
          timeline
            .of('kubernetes', 'object')
            .some(
              ({ subject, data }) => subject === canary && Number(data.fields['weight_pct']) >= weight_pct,
            ),
      },
      UNDER_WAY_S,
      run.signal,
    );
    return { ground };
  };
}

/**
 * A dump is taken while the former release serves; then the schema is migrated and the next release shipped, both by
 * commit. No backup is taken since: what Git says is ahead of what the backup holds.
 */
export const migratedSinceTheDump: Trouble = async (losing) => {
  const { run, before } = losing;
  await suspendBackups(losing);
  const bounds = await boundsNow(before, run.run_id);
  await takeBackup(before.ctx, { name: 'postgres-backup-old', deadline_s: BACKUP_S });
  const namespace = run.run_id;
  const table = `${identifier(shopSchema(namespace))}.orders`;
  const migration = await shopMigration(before.ctx, {
    namespace,
    name: 'note',
    sql: `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS note text NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS orders_accepted_at ON ${table} (accepted_at);
`,
  });
  const more = { 'migration.yaml': migration.manifests };
  const ground = await pushRelease(losing, { release: NEXT, more });
  const waiting = { deadline_s: PROMOTED_S, progress: run.progress, signal: run.signal };
  await before.kube.waitFor(isCurrent(migration.job), waiting);
  await untilPhase(before.ctx, ['Promoting', 'Finalising'], { namespace, deadline_s: PROMOTED_S });
  await untilPhase(before.ctx, ['Succeeded'], { namespace, deadline_s: PROMOTED_S });
  run.note(`release ${NEXT} serves on the migrated schema, which no backup has`);
  return { ground, bounds };
};

/** The chat off-site answers as if all were well, and keeps nothing of what it is told. */
export const chatOutsideDeaf: Trouble = async ({ run, ground: { offsite } }) => {
  await setChatBehaviour(offsite.watch(), { drop: true });
  run.note('the chat off-site keeps no message');
  return {};
};
