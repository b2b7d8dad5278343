import * as v from 'valibot';
import { statusOf } from '#harness/core/kstatus.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { defineFault } from './fault.ts';
import { choosePods, PodChoice } from './pods.ts';

const Pod = v.object({ namespace: v.string(), name: v.string(), uid: v.string() });

/** Deletes pods without grace, as the loss of their node's power would. They are not put back: whoever made them is. */
export const podKill = defineFault({
  name: 'pod-kill',
  breaks: 'ends pods at once; whoever is being answered by them gets no answer',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject(PodChoice),
  state: v.object({ pods: v.array(Pod), labels: v.string(), matching: v.number() }),
  example: () => ({ labels: 'app=shop', count: 1 }),
  async plan(ctx, options, namespace) {
    const { chosen, matching } = await choosePods(ctx, options, namespace);
    const { labels } = options;
    return {
      targets: chosen.map(nameOf),
      harm: `${chosen.length} of ${matching} pods with ${labels} are gone until others are ready`,
      state: {
        labels,
        matching,
        pods: chosen.map(({ metadata }) => ({
          namespace,
          name: metadata.name,
          uid: metadata.uid ?? '',
        })),
      },
    };
  },
  async inject({ kube }, { pods }) {
    await Promise.all(pods.map(({ namespace, name }) => kube.beginRemoval({ ...POD, namespace, name }, 0)));
  },
  async probeOn({ kube }, { pods }) {
    const now = await Promise.all(pods.map(({ namespace, name }) => kube.get({ ...POD, namespace, name })));
    const left = now.filter((pod, index) => pod?.metadata.uid === pods[index]?.uid);
    return { holds: left.length === 0, seen: `${pods.length - left.length} of ${pods.length} pods are gone` };
  },
  // There is nothing to undo; what owns the pods makes others, and that is what `probeOff` waits for.
  heal: () => Promise.resolve(),
  async probeOff({ kube }, { pods, labels, matching }) {
    const [first] = pods;
    if (first === undefined) return { holds: true, seen: 'no pod was killed' };
    const now = await kube.list({ ...POD, namespace: first.namespace, labels });
    const ready = now.filter((pod) => statusOf(pod).standing === 'Current').length;
    return { holds: ready >= matching, seen: `${ready} of ${matching} pods are ready` };
  },
});
