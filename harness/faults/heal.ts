import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { guardCluster, trustRecord } from '#harness/cluster/guard.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { kubeClient } from '#harness/kube/client.ts';
import type { Receipt } from '#harness/lease/receipt.ts';
import type { Fault } from './fault.ts';
import { untilProven } from './proof.ts';

/** What a receipt of a fault says about how to undo it. */
const HealSchema = v.object({
  fault: v.string(),
  cluster: v.string(),
  uid: v.string(),
  namespace: v.string(),
  targets: v.array(v.string()),
  state: v.unknown(),
});

export type FaultHeal = v.InferOutput<typeof HealSchema>;

/**
 * A harness that was killed while it injected leaves a request or a program on its way: what they still do once the
 * fault was undone is undone after this time, by which they are through.
 */
const AFTERMATH_MS = 1500;
/** Time in which a fault must be seen to be gone after both, in seconds, unless it says otherwise. */
const PROOF_S = 10;

/** @throws when the receipt is not one of a fault */
export function readHeal(receipt: Receipt): FaultHeal {
  return v.parse(HealSchema, receipt.heal);
}

/**
 * Undoes a fault by its receipt, in place of the run that injected it: at its lease's end, or when the run is gone. A
 * cluster or namespace that is gone took its faults along.
 * @param faults where to look for it
 * @throws DeadlineError when it is not seen to be gone; whatever healing throws. The receipt then stays.
 */
export async function healFault(receipt: Receipt, faults: readonly Fault[]): Promise<void> {
  const { fault: name, cluster: cluster_name, uid, namespace, state } = readHeal(receipt);
  const record = await readRecord(cluster_name);
  if (record === undefined || record.uid !== uid) return;
  const fault = faults.find((one) => one.name === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const named = { name: cluster_name, uid };
  const cluster = fault.without_api ? await trustRecord(named) : await guardCluster(named);
  await using kube = kubeClient(cluster);
  const ctx = { kube, cluster, progress: () => undefined };
  await fault.heal(ctx, state);
  await delay(AFTERMATH_MS);
  await fault.heal(ctx, state);
  const home = { api_version: 'v1', kind: 'Namespace', name: namespace } as const;
  await untilProven(
    `${receipt.subject} to be gone`,
    async () => {
      const off = await fault.probeOff(ctx, state);
      if (off.holds || fault.radius.reach === 'shared') return off;
      const there = await kube.get(home);
      if (there !== undefined && there.metadata.deletionTimestamp === undefined) return off;
      return { holds: true, seen: `namespace ${namespace} is gone` };
    },
    { deadline_s: fault.proof_s ?? PROOF_S },
  );
}
