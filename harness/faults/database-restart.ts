import * as v from 'valibot';
import { statusOf } from '#harness/core/kstatus.ts';
import { POD } from '#harness/kube/recording.ts';
import { DATABASE_POD } from '#harness/stack/postgres.ts';
import { defineFault } from './fault.ts';
import { asClient } from './psql.ts';

const REF = { ...POD, ...DATABASE_POD };

/** Restarts the one PostgreSQL of the cluster, in order or as the loss of its node's power would. */
export const databaseRestart = defineFault({
  name: 'database-restart',
  breaks: 'restarts the database of all shops; what is under way is lost, and for seconds nothing answers',
  radius: { reach: 'shared', pods_max: 1 },
  options: v.strictObject({
    manner: v.optional(
      v.pipe(
        v.picklist(['in-order', 'killed']),
        v.description('in-order: clients are cut off and a checkpoint is written; killed: it has to recover'),
      ),
      'in-order',
    ),
  }),
  state: v.object({ namespace: v.string(), uid: v.string(), killed: v.boolean() }),
  trial_needs: { components: ['postgres'] },
  proof_s: 60,
  example: () => ({ manner: 'in-order' as const }),
  async plan({ kube }, { manner }, namespace) {
    const pod = await kube.get(REF);
    return {
      targets: pod === undefined ? [] : [`Pod/${DATABASE_POD.namespace}/${DATABASE_POD.name}`],
      harm: 'no shop of the cluster takes or shows orders until the database is back, in about 10 s',
      state: { namespace, uid: pod?.metadata.uid ?? '', killed: manner === 'killed' },
    };
  },
  async inject({ kube }, { uid, killed }) {
    const pod = await kube.get(REF);
    if (pod?.metadata.uid === uid) await kube.beginRemoval(REF, killed ? 0 : undefined);
  },
  async probeOn({ kube }, { uid }) {
    const pod = await kube.get(REF);
    const going = pod === undefined || pod.metadata.uid !== uid;
    return { holds: going, seen: going ? 'its pod is gone' : 'its pod is there' };
  },
  // There is nothing to undo: the StatefulSet makes another pod, and that is what `probeOff` waits for.
  heal: () => Promise.resolve(),
  async probeOff(ctx, { namespace }) {
    const pod = await ctx.kube.get(REF);
    const { standing, message } = statusOf(pod);
    if (standing !== 'Current') return { holds: false, seen: `its pod: ${message}` };
    const { exit_code, stderr } = await asClient(ctx, namespace, 'SELECT 1;');
    return { holds: exit_code === 0, seen: stderr.trim() || 'it answers' };
  },
});
