import * as v from 'valibot';
import { guardCluster } from '#harness/cluster/guard.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { kubeClient } from '#harness/kube/client.ts';
import type { Receipt } from '#harness/lease/receipt.ts';
import { FAULTS } from './catalogue.ts';

/** What a receipt of a fault says about how to undo it. */
const HealSchema = v.object({
  fault: v.string(),
  cluster: v.string(),
  uid: v.string(),
  targets: v.array(v.string()),
  state: v.unknown(),
});

export type FaultHeal = v.InferOutput<typeof HealSchema>;

/** @throws when the receipt is not one of a fault */
export function readHeal(receipt: Receipt): FaultHeal {
  return v.parse(HealSchema, receipt.heal);
}

/** Undoes a fault by its receipt. A cluster that is gone took its faults along. */
export async function healFault(receipt: Receipt): Promise<void> {
  const { fault: name, cluster: cluster_name, uid, state } = readHeal(receipt);
  const record = await readRecord(cluster_name);
  if (record === undefined || record.uid !== uid) return;
  const fault = FAULTS.find((one) => one.name === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const cluster = await guardCluster({ name: cluster_name, uid });
  await using kube = kubeClient(cluster);
  await fault.heal({ kube, cluster, progress: () => undefined }, state);
}
