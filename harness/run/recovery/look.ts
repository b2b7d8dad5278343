/** Waits for what cannot be watched, and conditions of things that come back. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { type Condition, isCurrent, nameOfRef, type ObjectRef } from '#harness/kube/wait.ts';

const PERIOD_MS = 500;

/** What was found, or what was seen instead. */
type Look = { readonly found: string } | { readonly seen: string };

/**
 * Looks again and again at something that offers no watch: a log, a page, a metric.
 * @throws DeadlineError with what was seen last
 */
export async function lookUntil(
  look: () => Promise<Look>,
  { awaited, deadline_s, signal }: { awaited: string; deadline_s: number; signal: AbortSignal },
): Promise<string> {
  const until = Date.now() + deadline_s * 1000;
  for (;;) {
    const now = await look();
    if ('found' in now) return now.found;
    if (Date.now() > until) throw new DeadlineError(awaited, deadline_s, now.seen);
    await delay(PERIOD_MS, undefined, { signal });
  }
}

/** A pod to be ready that is another one than before, under the same name. */
export function isReplaced(ref: ObjectRef, former_uid: string | undefined): Condition<KubeObject> {
  const ready = isCurrent(ref);
  return {
    awaited: `${nameOfRef(ref)} to be there again and ready`,
    of: ref,
    test([object]) {
      if (object?.metadata.uid === former_uid) return { met: false, seen: 'still the former one' };
      return ready.test(object ? [object] : []);
    },
  };
}

/** A pod of a namespace to wait for an image that its node does not have; the value says which. */
export function lacksImage(namespace: string): Condition<string> {
  return {
    awaited: `a pod of ${namespace} to lack its image`,
    of: { ...POD, namespace },
    test(pods) {
      for (const pod of pods) {
        for (const status of listAt(pod, 'status', 'containerStatuses')) {
          const reason = textAt(status, 'state', 'waiting', 'reason');
          if (reason !== undefined && /Image/.test(reason)) {
            return { met: true, value: `Pod/${namespace}/${pod.metadata.name}: ${reason}` };
          }
        }
      }
      return { met: false, seen: `${pods.length} pods, none of which waits for an image` };
    },
  };
}
