/** A destructive statement, and the way back to the moment before it. */
import { nodeOf } from '#harness/cluster/node-images.ts';
import { identifier } from '#harness/database/ask.ts';
import { onNode } from '#harness/faults/node.ts';
import { POD } from '#harness/kube/recording.ts';
import { isGone } from '#harness/kube/wait.ts';
import { BACKUPS_ON_NODE } from '#harness/offsite/places.ts';
import { componentFiles } from '#harness/stack/fleet.ts';
import {
  DATABASE_POD,
  DATABASE_SERVER,
  DATABASE_VOLUME_ON_NODE,
  shopSchema,
} from '#harness/stack/postgres.ts';
import { postgresWithBackup } from '#harness/stack/postgres-backup.ts';
import { pushChange } from './commits.ts';
import { asked, recordRestore } from './database.ts';
import { fetchCommit, reconcile } from './flux-by-hand.ts';
import type { Part } from './parts.ts';
import { step } from './steps.ts';

/** A fast shutdown stores the last of the log before it ends. */
const STOPPED_S = 60;

/** All orders are deleted by mistake: the database is taken back to the moment before, and what was ordered since is given up. */
export const deletedOrders: Part = {
  loses: 'orders',
  how: 'TRUNCATE of the table of orders, by mistake',
  restores: true,
  destroy: async ({ run, before }) => {
    const table = `${identifier(shopSchema(run.run_id))}.orders`;
    return await asked(before, async (ask) => {
      const at = Date.now();
      await ask(`TRUNCATE ${table}`);
      return String(at);
    });
  },
  regain: async (losing, told) => {
    const { run, before } = losing;
    const target_time = Number(told);
    const moment = new Date(target_time).toISOString();
    const commit = {
      name: 'commit',
      title: `asking for the database of ${moment} by commit`,
      by_hand: `git commit: RECOVERY_TARGET_TIME=${moment} in components/postgres`,
    };
    let revision = '';
    await step(run, commit, async () => {
      const component = postgresWithBackup({ method: 'wal', store_node_path: BACKUPS_ON_NODE, target_time });
      const files = await componentFiles(before.ctx, component);
      const message = `Restore the database to ${moment}`;
      const pushed = await pushChange(losing, { message, files });
      revision = pushed.commit.revision;
      return `revision ${revision.slice(0, 12)}`;
    });
    const stop = {
      name: 'volume',
      title: 'stopping the database and emptying its volume',
      by_hand: `kubectl -n ${DATABASE_SERVER.namespace} delete statefulset ${DATABASE_SERVER.name}; rm -rf ${DATABASE_VOLUME_ON_NODE}`,
    };
    await step(run, stop, async () => {
      const { progress, signal } = run;
      const waiting = { deadline_s: STOPPED_S, progress, signal };
      await before.kube.remove(DATABASE_SERVER, waiting);
      await before.kube.waitFor(isGone({ ...POD, ...DATABASE_POD }), waiting);
      await onNode(await nodeOf(before.cluster), ['rm', '-rf', DATABASE_VOLUME_ON_NODE]);
      return 'the last of the log is stored, and the volume is empty';
    });
    const restore = {
      name: 'restore',
      title: `restoring the database to ${moment}`,
      by_hand: 'flux reconcile source git fleet; flux reconcile kustomization postgres',
    };
    await step(run, restore, async () => {
      await fetchCommit(losing, revision);
      await reconcile(losing, 'postgres', DATABASE_SERVER);
      return await recordRestore(run, before);
    });
  },
};
