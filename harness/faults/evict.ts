import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { ApiError } from '#harness/kube/api.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';

/** A pod that is evicted, told from a later one of the same name. */
export const EvictedPod = v.object({ namespace: v.string(), name: v.string(), uid: v.string() });

type Pod = v.InferOutput<typeof EvictedPod>;

/** A budget is asked again after this time, because when it lets another pod go is told by no watch. */
const PAUSE_MS = 500;

async function isThere({ kube }: FaultContext, { namespace, name, uid }: Pod): Promise<boolean> {
  const pod = await kube.get({ ...POD, namespace, name });
  return pod?.metadata.uid === uid && pod.metadata.deletionTimestamp === undefined;
}

/**
 * Evicts pods one after the other, each when disruption budgets allow it.
 * @returns the pods that no budget let go within the time, each with the refusal
 */
export async function evictAll(
  ctx: FaultContext,
  pods: readonly Pod[],
  patience_s: number,
): Promise<readonly string[]> {
  const until = performance.now() + patience_s * 1000;
  const refused: string[] = [];
  for (const pod of pods) {
    for (;;) {
      if (!(await isThere(ctx, pod))) break;
      try {
        await ctx.kube.evict(pod);
        break;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 429) throw error;
        if (performance.now() > until) {
          refused.push(`${pod.namespace}/${pod.name}: ${error.message}`);
          break;
        }
        ctx.signal?.throwIfAborted();
        await delay(PAUSE_MS);
      }
    }
  }
  return refused;
}

/** How many pods are gone, or told to go. */
export async function goneOf(ctx: FaultContext, pods: readonly Pod[]): Promise<number> {
  const there = await Promise.all(pods.map((pod) => isThere(ctx, pod)));
  return there.filter((one) => !one).length;
}
