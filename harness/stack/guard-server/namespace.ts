/** The namespace of a server that a run of the guard has in a cluster: owed to the cluster from before it is made until it is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { guardCluster } from '#harness/cluster/guard.ts';
import { readRecord } from '#harness/cluster/record.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { CleanupError, messageOf } from '#harness/core/errors.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { isGone } from '#harness/kube/wait.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId, type Receipt, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';

/** What its receipt is settled by. */
export const GUARD_SERVER = 'guard-server';
/** The pod of the server, in its namespace. */
export const SERVER_POD = 'postgres';
/** A run gives it back; this only bounds one that hangs for ever. */
export const LEASE_S = 6 * 3600;
const GONE_S = 60;
/** A harness that was killed may leave a request on its way: by then it is through. */
const AFTERMATH_MS = 1500;

const HealSchema = v.object({ cluster: v.string(), uid: v.string(), namespace: v.string() });

/** Giving it back removes it with all that it holds, and waits until it is gone. */
export interface OwnNamespace extends AsyncDisposable {
  readonly name: string;
}

/** The pod goes beside it: who removes namespaces begins 5 s late, and then waits for pods in steps of seconds. */
async function remove(kube: KubeClient, name: string): Promise<void> {
  const namespace = { api_version: 'v1', kind: 'Namespace', name } as const;
  if (!(await kube.beginRemoval(namespace))) return;
  await kube.beginRemoval({ ...POD, namespace: name, name: SERVER_POD });
  await kube.waitFor(isGone(namespace), { deadline_s: GONE_S });
}

/** Writes down what is owed, with a warden beside it, and names the namespace; nothing is made yet. */
export async function claimNamespace(
  kube: KubeClient,
  { name: cluster, uid }: RunningCluster,
): Promise<OwnNamespace> {
  await ensureWarden();
  const name = `mettle-guard-${freshId()}`;
  await writeReceipt({
    id: name,
    kind: GUARD_SERVER,
    subject: `${name} in ${cluster}`,
    created_at: new Date().toISOString(),
    lease_s: LEASE_S,
    owner: await thisProcess(),
    heal: { cluster, uid, namespace: name } satisfies v.InferOutput<typeof HealSchema>,
  });
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      try {
        await remove(kube, name);
      } catch (cause) {
        throw new CleanupError(
          `the namespace ${name} of cluster ${cluster} could not be removed: ${messageOf(cause)}`,
          {
            cause,
            next: 'It stays on its receipt: mettle cleanup tries again.',
          },
        );
      }
      await removeReceipt(name);
    },
  };
}

/**
 * Removes the namespace of a run that is gone. A cluster that is gone took it along.
 * @throws DeadlineError when it does not go, RefusedError, UnfitError when the cluster is another one or does not answer; the
 *   receipt then stays
 */
export async function healGuardServer(receipt: Receipt): Promise<void> {
  const { cluster: name, uid, namespace } = v.parse(HealSchema, receipt.heal);
  const record = await readRecord(name);
  if (record === undefined || record.uid !== uid) return;
  await using kube = kubeClient(await guardCluster({ name, uid }));
  await remove(kube, namespace);
  await delay(AFTERMATH_MS);
  await remove(kube, namespace);
}
