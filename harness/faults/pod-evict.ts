import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { defineFault } from './fault.ts';
import { evictAll, EvictedPod, goneOf } from './evict.ts';
import { choosePods, PodChoice } from './pods.ts';

/** A disruption budget that lets none go for this long is a finding of its own. */
const PATIENCE_S = 25;

/** Evicts pods as an administrator does: in order, and only as many at a time as disruption budgets let go. */
export const podEvict = defineFault({
  name: 'pod-evict',
  breaks: 'evicts pods by the API for it: they finish their answers, and disruption budgets are respected',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject(PodChoice),
  state: v.object({
    namespace: v.string(),
    labels: v.string(),
    matching: v.number(),
    pods: v.array(EvictedPod),
  }),
  example: () => ({ labels: 'app=shop', count: 1 }),
  async plan(ctx, options, namespace) {
    const { chosen, matching } = await choosePods(ctx, options, namespace);
    return {
      targets: chosen.map(nameOf),
      harm: `${chosen.length} of ${matching} pods with ${options.labels} go, in order`,
      state: {
        namespace,
        labels: options.labels,
        matching,
        pods: chosen.map(({ metadata }) => ({ namespace, name: metadata.name, uid: metadata.uid ?? '' })),
      },
    };
  },
  async inject(ctx, { pods }) {
    const refused = await evictAll(ctx, pods, PATIENCE_S);
    if (refused.length > 0) throw new UnfitError(`not evicted: ${refused.join('; ')}`);
  },
  async probeOn(ctx, { pods }) {
    const gone = await goneOf(ctx, pods);
    return { holds: gone === pods.length, seen: `${gone} of ${pods.length} pods are gone or going` };
  },
  // There is nothing to undo; what owns the pods makes others, and that is what `probeOff` waits for.
  heal: () => Promise.resolve(),
  async probeOff({ kube }, { namespace, labels, matching }) {
    const now = await kube.list({ ...POD, namespace, labels });
    const ready = now.filter((pod) => statusOf(pod).standing === 'Current').length;
    return { holds: ready >= matching, seen: `${ready} of ${matching} pods are ready` };
  },
});
