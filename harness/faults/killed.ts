import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { nameOf, textAt } from '#harness/core/kubernetes.ts';
import { LEASE, POD } from '#harness/kube/recording.ts';
import { REGISTRY } from '#harness/stack/registry.ts';
import type { FaultContext, FaultPlan, Probe } from './fault.ts';

/** Pods of one workload of the stack that are ended, and what must be back afterwards. */
export const Killed = v.object({
  workload: v.string(),
  namespace: v.string(),
  labels: v.string(),
  pods: v.array(v.object({ name: v.string(), uid: v.string() })),
  grace_s: v.number(),
  /** Name of the Lease that the leader among them holds; absent where nobody is elected. */
  lease: v.optional(v.string()),
});
export type Killed = v.InferOutput<typeof Killed>;

/** A workload of the stack by its name, whichever component it belongs to. */
export function workloadOf(name: string): { readonly namespace: string; readonly labels: string } {
  for (const { workloads } of Object.values(REGISTRY)) {
    const found = workloads.find((one) => one.name === name);
    if (found) return { namespace: found.namespace, labels: found.labels ?? `app=${name}` };
  }
  throw new UsageError(`the stack has no workload ${name}`);
}

/** @throws UsageError when the workload has no pod */
export async function planKilled(
  { kube }: FaultContext,
  {
    workload,
    harm,
    grace_s = 0,
    lease,
  }: {
    readonly workload: string;
    readonly harm: string;
    readonly grace_s?: number | undefined;
    readonly lease?: string | undefined;
  },
): Promise<FaultPlan<Killed>> {
  const { namespace, labels } = workloadOf(workload);
  const found = (await kube.list({ ...POD, namespace, labels })).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const pods = found.map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid ?? '' }));
  const state = { workload, namespace, labels, pods, grace_s, ...(lease === undefined ? {} : { lease }) };
  return { targets: found.map(nameOf), harm, state };
}

export async function killPods({ kube }: FaultContext, { namespace, pods, grace_s }: Killed): Promise<void> {
  await Promise.all(pods.map(({ name }) => kube.beginRemoval({ ...POD, namespace, name }, grace_s)));
}

/** Whether every one of the pods is gone; what took its place has another UID. */
export async function podsGone({ kube }: FaultContext, { namespace, labels, pods }: Killed): Promise<Probe> {
  const now = await kube.list({ ...POD, namespace, labels });
  const left = pods.filter(({ uid }) => now.some(({ metadata }) => metadata.uid === uid));
  return { holds: left.length === 0, seen: `${pods.length - left.length} of ${pods.length} pods are gone` };
}

/** Whether as many others are ready, and one of them leads where a leader is elected. */
export async function podsBack({ kube }: FaultContext, killed: Killed): Promise<Probe> {
  const { namespace, labels, pods, lease } = killed;
  const now = (await kube.list({ ...POD, namespace, labels })).filter(
    (pod) => statusOf(pod).standing === 'Current' && pod.metadata.deletionTimestamp === undefined,
  );
  const seen = `${now.length} of ${pods.length} pods are ready`;
  if (now.length < pods.length) return { holds: false, seen };
  if (lease === undefined) return { holds: true, seen };
  const held = await kube.get({ ...LEASE, namespace, name: lease });
  const holder = textAt(held, 'spec', 'holderIdentity') ?? '';
  const leads = now.some(({ metadata }) => holder.startsWith(`${metadata.name}_`));
  return { holds: leads, seen: `${seen}, and ${leads ? 'one of them' : 'one that is gone'} leads` };
}
