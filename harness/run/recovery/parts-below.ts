/** The loss of what the rest of a cluster stands on: its database, its control plane, its node. */
import { nodeOf } from '#harness/cluster/node-images.ts';
import { restartNodes } from '#harness/cluster/destroy.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { onNode } from '#harness/faults/node.ts';
import { LEASE, POD } from '#harness/kube/recording.ts';
import { DATABASE_POD, DATABASE_VOLUME_ON_NODE } from '#harness/stack/postgres.ts';
import { recordRestore } from './database.ts';
import { FLEET_READY_S, untilAllReady } from './ground.ts';
import { isReplaced, lookUntil } from './look.ts';
import type { Part } from './parts.ts';
import type { Losing } from './recover.ts';
import { firstAnswer, step } from './steps.ts';

const DATABASE = { ...POD, ...DATABASE_POD };

/** Ends the pod of the database at once, and says which one it was. */
async function killDatabase({ before: { kube } }: Losing): Promise<string> {
  const uid = (await kube.get(DATABASE))?.metadata.uid;
  if (uid === undefined) throw new UnfitError('the pod of the database is not there');
  await kube.beginRemoval(DATABASE, 0);
  return uid;
}

async function databaseBack({ run, before }: Losing, former_uid: string | undefined): Promise<void> {
  const waiting = { deadline_s: FLEET_READY_S, progress: run.progress, signal: run.signal };
  await before.kube.waitFor(isReplaced(DATABASE, former_uid), waiting);
}

/** The pod of the database: another one takes its place and its volume. */
export const databasePod: Part = {
  loses: 'database pod',
  how: 'its pod removed without a moment to shut down',
  destroy: killDatabase,
  regain: async (losing, told) => {
    const by_hand = `kubectl -n ${DATABASE_POD.namespace} get pod ${DATABASE_POD.name} --watch`;
    await step(losing.run, { name: 'database', title: 'waiting for the database', by_hand }, async () => {
      await databaseBack(losing, told);
      return 'another pod serves what the volume holds';
    });
  },
};

/** The volume of the database: what it held is restored from the store of backups. */
export const databaseVolume: Part = {
  loses: 'database volume',
  how: 'everything in its folder removed, and its pod with it',
  restores: true,
  destroy: async (losing) => {
    const node = await nodeOf(losing.before.cluster);
    await onNode(node, ['rm', '-rf', DATABASE_VOLUME_ON_NODE]);
    return await killDatabase(losing);
  },
  regain: async (losing, told) => {
    const by_hand = `kubectl -n ${DATABASE_POD.namespace} logs ${DATABASE_POD.name} --follow`;
    await step(losing.run, { name: 'restore', title: 'restoring the database', by_hand }, async () => {
      await databaseBack(losing, told);
      return await recordRestore(losing.run, losing.before);
    });
  },
};

/** What the control plane consists of, by the beginning of the command lines. */
const CONTROL_PLANE = '^(kube-apiserver|etcd|kube-scheduler|kube-controller-manager) ';
const LEADERS = ['kube-scheduler', 'kube-controller-manager'];

/** The control plane works again once both of its leaders have renewed their leases since the loss. */
async function controlPlaneBack({ run, before: { kube } }: Losing, since: number): Promise<void> {
  const by_hand = 'kubectl get --raw /readyz; kubectl -n kube-system get leases';
  await step(run, { name: 'control plane', title: 'waiting for the control plane', by_hand }, () =>
    lookUntil(
      async () => {
        const leases = LEADERS.map(async (name) => {
          const lease = await kube.get({ ...LEASE, namespace: 'kube-system', name });
          return Date.parse(textAt(lease, 'spec', 'renewTime') ?? '') > since;
        });
        const led = await Promise.all(leases).catch(() => undefined);
        if (led === undefined) return { seen: 'the API server does not answer' };
        const missing = LEADERS.filter((_, index) => led[index] !== true);
        if (missing.length > 0) return { seen: `${missing.join(', ')} does not lead yet` };
        return { found: 'the API server answers, the scheduler and the controllers lead again' };
      },
      { awaited: 'the control plane to work again', deadline_s: FLEET_READY_S, signal: run.signal },
    ),
  );
}

/** The control plane's processes: traffic goes on without them. */
export const controlPlane: Part = {
  loses: 'control plane',
  how: 'API server, etcd, scheduler and controller manager ended by SIGKILL',
  destroy: async ({ before: { cluster } }) => {
    const node = await nodeOf(cluster);
    const at = Date.now();
    const found = await onNode(node, ['pgrep', '--full', CONTROL_PLANE]);
    const pids = found.split('\n').filter(Boolean);
    if (pids.length !== 4)
      throw new UnfitError(`the node runs ${pids.length} processes of a control plane, not 4`);
    await onNode(node, ['kill', '-KILL', ...pids]);
    return String(at);
  },
  regain: async (losing, told) => {
    await controlPlaneBack(losing, Number(told));
  },
};

/** The node, and with it everything: what it holds on disk stays. */
export const node: Part = {
  loses: 'node',
  how: 'its container killed, and started again',
  destroy: async ({ before: { cluster } }) => {
    const at = Date.now();
    await restartNodes(cluster);
    return String(at);
  },
  regain: async (losing, told) => {
    const { run, ground, before, load } = losing;
    await Promise.all([controlPlaneBack(losing, Number(told)), firstAnswer(run, load)]);
    await untilAllReady(ground, before);
  },
};
