import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, listAt, nameOf, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { DEPLOYMENT, POD, REPLICA_SET, ROLLOUT } from '#harness/kube/recording.ts';
import type { ObjectRef } from '#harness/kube/wait.ts';
import type { FaultContext, Probe } from './fault.ts';
import { Change, makeChange, planChange, refOf, undoChange } from './patch.ts';

/** Annotation by which pods and ReplicaSets that a fault brought about are known. */
const MARK = 'mettle.dev/fault';
const OBSERVED_S = 10;
/** A program that is asked to end while it starts may not listen yet, and would be waited for as long as one that serves. */
const IDLE_GRACE_S = 1;
/** Between the start of a pod and the first time that its node says it is not ready; a pod needs longer to have been so. */
const NEVER_READY_MS = 2000;

/** A change of a workload's pod template. */
export const TemplateChange = v.object({ mark: v.string(), namespace: v.string(), change: Change });
export type TemplateChange = v.InferOutput<typeof TemplateChange>;

/** Name of the workload whose pods a fault replaces. */
export const workloadOption = v.optional(
  v.pipe(v.string(), v.minLength(1), v.description('name of the Deployment or Rollout; shop when absent')),
  'shop',
);

/**
 * The object that holds a workload's pod template: its Deployment, its Rollout, or the Deployment that this refers to.
 * @throws UsageError when there is none of the name
 */
export async function templateHolder(
  kube: KubeClient,
  namespace: string,
  name: string,
): Promise<{ readonly ref: ObjectRef; readonly object: KubeObject }> {
  const rollout = { ...ROLLOUT, namespace, name };
  const found = await kube.get(rollout);
  if (found !== undefined && at(found, 'spec', 'template') !== undefined) {
    return { ref: rollout, object: found };
  }
  const referred = textAt(found, 'spec', 'workloadRef', 'name') ?? name;
  const deployment = { ...DEPLOYMENT, namespace, name: referred };
  const object = await kube.get(deployment);
  if (object === undefined) {
    const there = (await kube.list({ ...DEPLOYMENT, namespace })).map((one) => one.metadata.name);
    throw new UsageError(`there is no Deployment or Rollout ${namespace}/${name}`, {
      next: there.length > 0 ? `There are: ${there.join(', ')}` : `Namespace ${namespace} has none.`,
    });
  }
  return { ref: deployment, object };
}

type Wanted = Parameters<typeof planChange>[2];

/** Plans a change of the pod template; the paths begin below `spec.template`. @throws as `planChange` */
export async function planTemplate(
  kube: KubeClient,
  ref: ObjectRef,
  mark: string,
  wanted: Wanted,
): Promise<TemplateChange> {
  const change = await planChange(kube, ref, [
    ...wanted.map(({ path, to }) => ({ path: ['spec', 'template', ...path], to })),
    { path: ['spec', 'template', 'metadata', 'annotations', MARK], to: () => mark },
  ]);
  return { mark, namespace: ref.namespace ?? '', change };
}

/** Makes the change: whoever rolls the workload out makes pods of it. @throws as `makeChange` */
export async function changeTemplate({ kube }: FaultContext, { change }: TemplateChange): Promise<void> {
  await makeChange(kube, change);
}

function isMarked(object: KubeObject, mark: string, ...path: readonly string[]): boolean {
  return textAt(object, ...path, 'metadata', 'annotations', MARK) === mark;
}

/** Pods that the change brought about. */
export async function podsOfChange(
  { kube }: FaultContext,
  { namespace, mark }: TemplateChange,
): Promise<readonly KubeObject[]> {
  return (await kube.list({ ...POD, namespace })).filter((pod) => isMarked(pod, mark));
}

/**
 * Puts the former pod template back and removes the ReplicaSets of the other one, with their pods. A controller that has
 * not seen the former template yet would make them anew, so that is awaited.
 */
export async function restoreTemplate(ctx: FaultContext, template: TemplateChange): Promise<void> {
  const { kube } = ctx;
  const { change, namespace, mark } = template;
  await undoChange(kube, change);
  const sets = (await kube.list({ ...REPLICA_SET, namespace })).filter((set) =>
    isMarked(set, mark, 'spec', 'template'),
  );
  if (sets.length > 0) await kube.waitFor(isObserved(refOf(change)), { deadline_s: OBSERVED_S });
  const idle = (await podsOfChange(ctx, template)).filter(servedNobody);
  await Promise.all([
    ...sets.map((set) => kube.beginRemoval({ ...REPLICA_SET, namespace, name: set.metadata.name })),
    ...idle.map((pod) => kube.beginRemoval({ ...POD, namespace, name: pod.metadata.name }, IDLE_GRACE_S)),
  ]);
}

/** Not ready, and never was: one that was may still have requests to answer. */
export function servedNobody(pod: KubeObject): boolean {
  const ready = listAt(pod, 'status', 'conditions').find((one) => at(one, 'type') === 'Ready');
  if (ready === undefined) return true;
  if (textAt(ready, 'status') === 'True') return false;
  const began = Date.parse(textAt(pod, 'status', 'startTime') ?? '');
  return Date.parse(textAt(ready, 'lastTransitionTime') ?? '') <= began + NEVER_READY_MS;
}

function isObserved(ref: ObjectRef): Parameters<KubeClient['waitFor']>[0] {
  return {
    awaited: `${ref.kind}/${ref.name} to be seen by its controller`,
    of: ref,
    test([object]) {
      if (object === undefined) return { met: true, value: true };
      // Argo Rollouts writes the generation as a text.
      const seen = Number(at(object, 'status', 'observedGeneration') ?? 0);
      const generation = object.metadata.generation ?? 0;
      if (seen >= generation) return { met: true, value: true };
      return { met: false, seen: `generation ${seen} of ${generation}` };
    },
  };
}

/** Whether the workload is as it was asked to be, without any pod of the change. */
export async function probeRestored(ctx: FaultContext, template: TemplateChange): Promise<Probe> {
  const left = await podsOfChange(ctx, template);
  const ref = refOf(template.change);
  const object = await ctx.kube.get(ref);
  if (object === undefined) return { holds: left.length === 0, seen: `${ref.kind}/${ref.name} is gone` };
  const { standing, message } = statusOf(object);
  const asked = numberAt(object, 'spec', 'replicas') ?? 1;
  const marked = isMarked(object, template.mark, 'spec', 'template');
  return {
    holds: !marked && left.length === 0 && standing === 'Current',
    seen: `${marked ? 'the changed template stands; ' : ''}${left.length} pods of the fault; ${nameOf(object)} of ${asked} pods: ${message}`,
  };
}
