import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { evictAll, EvictedPod, goneOf } from './evict.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { chooseWorker, NODE, WorkerOption } from './workers.ts';

/** Pods of the shop leave within their grace, one after the other where a budget says so. */
const PATIENCE_S = 60;

/** Whether a drain leaves a pod alone: it belongs to the node (DaemonSet, static), or has ended. */
function stays(pod: KubeObject): boolean {
  const belongs = listAt(pod, 'metadata', 'ownerReferences').some((owner) =>
    ['DaemonSet', 'Node'].includes(textAt(owner, 'kind') ?? ''),
  );
  const ended = ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? '');
  return ended || belongs;
}

async function podsOn({ kube }: FaultContext, node: string): Promise<readonly KubeObject[]> {
  const pods = await kube.list(POD);
  return pods.filter((pod) => textAt(pod, 'spec', 'nodeName') === node && !stays(pod));
}

async function isCordoned({ kube }: FaultContext, node: string): Promise<boolean> {
  return at(await kube.get({ ...NODE, name: node }), 'spec', 'unschedulable') === true;
}

/** Empties a worker as an administrator does before an upgrade: no new pods, and those there are evicted. */
export const nodeDrain = defineFault({
  name: 'node-drain',
  breaks: 'cordons a worker and evicts its pods, which have to find room elsewhere; budgets are respected',
  radius: { reach: 'shared', pods_max: 60 },
  options: v.strictObject(WorkerOption),
  state: v.object({ namespace: v.string(), node: v.string(), pods: v.array(EvictedPod) }),
  trial_needs: { nodes: 2 },
  proof_s: 90,
  example: () => ({}),
  async plan(ctx, { node: named }, namespace) {
    const node = await chooseWorker(ctx, named, { schedulable: true });
    const pods = await podsOn(ctx, node);
    return {
      targets: [`Node/${node}`, ...pods.map(nameOf)],
      harm: `${pods.length} pods leave ${node}, and none comes to it`,
      state: {
        namespace,
        node,
        pods: pods.map(({ metadata }) => ({
          namespace: metadata.namespace ?? '',
          name: metadata.name,
          uid: metadata.uid ?? '',
        })),
      },
    };
  },
  async inject(ctx, { node, pods }) {
    await ctx.kube.patch({ ...NODE, name: node }, { spec: { unschedulable: true } });
    const refused = await evictAll(ctx, pods, PATIENCE_S);
    if (refused.length > 0) throw new UnfitError(`${node} cannot be drained: ${refused.join('; ')}`);
  },
  async probeOn(ctx, { node, pods }) {
    const gone = await goneOf(ctx, pods);
    const left = (await podsOn(ctx, node)).length;
    return {
      holds: gone === pods.length && left === 0,
      seen: `${gone} of ${pods.length} pods left ${node}, ${left} are on it`,
    };
  },
  async heal(ctx, { node }) {
    // A plan is made for a node that takes pods, so one that takes none was cordoned by this.
    if (await isCordoned(ctx, node)) {
      await ctx.kube.patch({ ...NODE, name: node }, { spec: { unschedulable: null } });
    }
  },
  async probeOff(ctx, { node, namespace }) {
    if (await isCordoned(ctx, node)) return { holds: false, seen: `${node} takes no pods` };
    const pods = await ctx.kube.list({ ...POD, namespace });
    const late = pods.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && statusOf(pod).standing !== 'Current',
    );
    return {
      holds: late.length === 0,
      seen: `${node} takes pods; ${late.length} of ${pods.length} pods of ${namespace} are not ready`,
    };
  },
});
