import type { KubernetesObjectData, Timeline } from '#harness/core/timeline.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import { objectsOf, recordWatches } from '#harness/kube/recording.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import { unlessLate } from '../on-cluster.ts';
import type { AnyRolloutAct } from '../rollout-extras.ts';

/**
 * Waits until the Canary has been seen in a state since now. A deadline that passes is noted: the rules say what it
 * means.
 */
export async function awaitCanary(
  { run, spec }: AnyRolloutAct,
  awaited: string,
  deadline_s: number,
  holds: (fields: KubernetesObjectData['fields']) => boolean,
): Promise<void> {
  const subject = rolloutSubject(spec);
  const from = Date.now();
  const condition = {
    awaited,
    holds: (timeline: Timeline) =>
      timeline
        .of('kubernetes', 'object')
        .some((record) => record.subject === subject && record.at >= from && holds(record.data.fields)),
  };
  await unlessLate(run, () => run.timeline.until(condition, deadline_s, run.signal));
}

/** Records every change of further kinds of objects in the run's namespace, beside those of each rollout. */
export async function watchKinds(
  { ctx, run, namespace }: AnyRolloutAct,
  name: string,
  kinds: readonly Pick<ObjectRef, 'api_version' | 'kind'>[],
): Promise<AsyncDisposable> {
  const recorded = kinds.map((kind) => objectsOf({ ...kind, namespace }));
  return await recordWatches(ctx.kube, name, recorded, run.timeline);
}

/** Waits for some seconds of load: time in which something must not happen. */
export async function passTime({ run }: AnyRolloutAct, seconds: number): Promise<void> {
  const from = Date.now();
  const condition = {
    awaited: `${seconds} s of load`,
    holds: (timeline: Timeline) => (timeline.of('load', 'second').at(-1)?.at ?? 0) >= from + seconds * 1000,
  };
  await unlessLate(run, () => run.timeline.until(condition, seconds + 10, run.signal));
}
