/** No migration without a backup behind it that is fresh, and that was restored elsewhere and compared. */
import { messageOf, MettleError, UnfitError } from '#harness/core/errors.ts';
import type { ScratchRestoreData } from '#harness/core/migration.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { identifier } from '#harness/database/ask.ts';
import { contentOf } from '#harness/database/content.ts';
import { type Decision, parseDecisions } from '#harness/database/decisions.ts';
import { POD } from '#harness/kube/recording.ts';
import { BACKUP_CRON_JOB, postgresWithBackup, takeBackup } from '#harness/stack/postgres-backup.ts';
import { scratchRestore } from '#harness/stack/postgres-scratch.ts';
import { shopSchema } from '#harness/stack/postgres.ts';
import type { Acting } from '../on-cluster.ts';
import { asked } from '../recovery/database.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import { applyMigration } from './apply.ts';
import { differences, notBackedUp, type Proof } from './backup-proof.ts';
import { type MigrationAct, migrateUnderLoad } from './frame.ts';
import { recordRefusedColumns } from './record.ts';

/** The store is beside the data: what is asked here is whether a backup can be restored, not whether a node can be lost. */
const STORE_ON_NODE = '/var/lib/mettle/volumes/postgres/backups';
const STORE_IN_POD = '/volume/backups';
const READY_S = 90;
const BACKUP_S = 60;
/** The backup is restored and compared within this, and the migration begins. */
const FRESH_S = 120;
/** Nothing is as fresh as that once it was restored. */
const STALE_S = 1;

/** The database with backups, into a store that is used for the first time. */
async function withBackups({ ctx, run }: Acting): Promise<void> {
  const { kube } = ctx;
  const { exit_code, stderr } = await kube.exec({
    namespace: 'postgres',
    pod: 'postgres-0',
    container: 'postgres',
    command: ['mkdir', '-p', STORE_IN_POD],
  });
  if (exit_code !== 0) throw new UnfitError(`there is no room for backups: ${stderr.trim()}`);
  const component = postgresWithBackup({
    method: 'dump',
    store_node_path: STORE_ON_NODE,
    // Only those that the scenario asks for.
    schedule: '0 0 1 1 *',
  });
  await component.install(ctx);
  run.progress('waiting for the database with backups');
  await component.ready(ctx, READY_S);
}

/** Takes a backup and says which it is. */
async function backUp({ ctx }: Acting, name: string, args: readonly string[]): Promise<Decision> {
  await takeBackup(ctx, { name, args, deadline_s: BACKUP_S });
  const { namespace } = BACKUP_CRON_JOB;
  const pods = await ctx.kube.list({ ...POD, namespace, labels: `batch.kubernetes.io/job-name=${name}` });
  const logs = await Promise.all(pods.map(({ metadata }) => ctx.kube.logs(namespace, metadata.name)));
  const taken = logs.flatMap(parseDecisions).find(({ state }) => state === 'taken');
  if (taken) return taken;
  throw new UnfitError(`Job/${namespace}/${name} does not say which backup it took`);
}

/** Takes a backup, restores it into a server of its own, and compares both up to a row that is there for good. */
async function prove(acting: MigrationAct, name: string, args: readonly string[] = []): Promise<Proof> {
  const { run, ctx, cluster, namespace, bounds } = acting;
  const taken = await backUp(acting, name, args);
  const options = { schemas: [shopSchema(namespace)], up_to: bounds };
  const say = (state: ScratchRestoreData['state'], note: string, tables = 0, rows = 0): Proof => {
    const data = { taken_at: taken.taken_at, state, tables, rows, note };
    run.timeline.record({ source: 'database', kind: 'scratch_restore', subject: taken.backup, data });
    run.progress(`backup ${taken.backup}: ${note}`);
    return { backup: taken.backup, data };
  };
  try {
    await using scratch = await scratchRestore(ctx, `${name}-scratch`);
    const decided = scratch.decisions.find(({ backup }) => backup === taken.backup);
    if (decided?.state !== 'restored')
      return say('failed', decided?.note ?? 'the restore did not look at it');
    const was = await asked({ kube: ctx.kube, cluster }, (ask) => contentOf(ask, options));
    const is = await contentOf(scratch.ask, options);
    const rows = is.tables.reduce((sum, table) => sum + table.rows, 0);
    const found = differences(was, is);
    return found.length === 0
      ? say(
          'same',
          `${rows} rows of ${is.tables.length} tables were restored and are the same`,
          is.tables.length,
          rows,
        )
      : say('differs', found.join('; '), is.tables.length, rows);
  } catch (error) {
    if (run.signal.aborted || !(error instanceof MettleError)) throw error;
    return say('failed', messageOf(error));
  }
}

/** What the migration adds. */
const ADDED = 'orders.digest';

/** What is broken on purpose: nobody asks for the backup. */
export interface BackupDefect {
  readonly ungated: true;
}

/** Asks for a migration without, with an incomplete, with a stale and with a good backup, and judges. */
export async function backupFirst(run: ScenarioRun, defect?: BackupDefect): Promise<Verdict> {
  const table = `${identifier(shopSchema(run.run_id))}.orders`;
  const sql = `SET lock_timeout = '1s';\nALTER TABLE ${table} ADD COLUMN IF NOT EXISTS digest text;\n`;
  const proofs: Proof[] = [];
  const ask = async (acting: MigrationAct, name: string, within_s: number): Promise<void> => {
    const gate = async (): Promise<string | undefined> => notBackedUp(proofs, within_s, Date.now());
    const was_applied = await applyMigration(acting, { name, sql, gates: defect ? [] : [gate] });
    // The next one adds the same column, so that afterwards nobody could tell.
    if (!was_applied) await recordRefusedColumns(acting, name);
  };
  const refused = { expected: 'refused', adds: [ADDED] } as const;
  const unbacked = { ...refused, name: 'without-backup', backup_within_s: FRESH_S } as const;
  return await migrateUnderLoad(run, {
    expectation: {
      migrations: defect
        ? [unbacked]
        : [
            unbacked,
            { ...refused, name: 'incomplete-backup', backup_within_s: FRESH_S },
            { ...refused, name: 'stale-backup', backup_within_s: STALE_S },
            { name: 'fresh-backup', expected: 'applied', backup_within_s: FRESH_S, adds: [ADDED] },
          ],
    },
    prepare: withBackups,
    act: async (acting) => {
      const { once, namespace } = acting;
      await once('no backup', 'asking for the migration without a backup', () =>
        ask(acting, unbacked.name, FRESH_S),
      );
      if (defect) return;
      await once('incomplete backup', 'asking for it with a backup that lacks the orders', async () => {
        const lacking = [`--exclude-table=${shopSchema(namespace)}.orders`];
        proofs.push(await prove(acting, `backup-incomplete-${run.run_id}`, lacking));
        await ask(acting, 'incomplete-backup', FRESH_S);
      });
      await once('backup', 'asking for it with a good backup', async () => {
        proofs.push(await prove(acting, `backup-good-${run.run_id}`));
        await ask(acting, 'stale-backup', STALE_S);
        await ask(acting, 'fresh-backup', FRESH_S);
      });
    },
  });
}
