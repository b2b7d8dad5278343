import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, nameOf, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';
import { containersOf, nodeOfPod, pidsOf, processesOn } from './node.ts';
import { choosePods, PodChoice } from './pods.ts';

/** How the containers that a fault acts on are chosen: one of each pod. */
export const ContainerChoice = {
  ...PodChoice,
  container: v.optional(v.pipe(v.string(), v.description('name of the container; the first when absent'))),
} as const;

/** A container of a pod and its processes in the node. */
export const Container = v.object({
  node: v.string(),
  namespace: v.string(),
  pod: v.string(),
  pod_uid: v.string(),
  name: v.string(),
  id: v.string(),
  restarts: v.number(),
  processes: v.array(v.object({ pid: v.number(), started: v.string() })),
});

export type Container = v.InferOutput<typeof Container>;

interface Choice {
  readonly labels: string;
  readonly container?: string | undefined;
  readonly count?: number | undefined;
  readonly share_pct?: number | undefined;
}

function statusIn(pod: KubeObject | undefined, name: string): unknown {
  return listAt(pod, 'status', 'containerStatuses').find((one) => textAt(one, 'name') === name);
}

/**
 * Finds the containers and their processes.
 * @throws UsageError for a container that a pod does not have or that does not run
 */
export async function chooseContainers(
  ctx: FaultContext,
  choice: Choice,
  namespace: string,
): Promise<{ readonly containers: Container[]; readonly targets: string[]; readonly matching: number }> {
  const { chosen, matching } = await choosePods(ctx, choice, namespace);
  const containers = await Promise.all(
    chosen.map(async (pod): Promise<Container> => {
      const running = containersOf(pod);
      const name = choice.container ?? textAt(listAt(pod, 'spec', 'containers')[0], 'name') ?? '';
      const id = running.get(name);
      if (id === undefined) {
        throw new UsageError(`${nameOf(pod)} has no running container ${JSON.stringify(name)}`, {
          next: `It runs: ${[...running.keys()].join(', ') || 'none'}`,
        });
      }
      const node = await nodeOfPod(ctx, pod);
      const processes = await processesOn(node, await pidsOf(node, id));
      if (processes.length === 0) throw new UsageError(`container ${name} of ${nameOf(pod)} has no process`);
      return {
        node,
        namespace,
        pod: pod.metadata.name,
        pod_uid: pod.metadata.uid ?? '',
        name,
        id,
        restarts: numberAt(statusIn(pod, name), 'restartCount') ?? 0,
        processes: processes.map(({ pid, started }) => ({ pid, started })),
      };
    }),
  );
  return { containers, targets: chosen.map(nameOf), matching };
}

/** How a container of the state stands now; undefined when its pod is gone. */
export async function containerNow(
  { kube }: FaultContext,
  { namespace, pod, pod_uid, name }: Container,
): Promise<{ readonly restarts: number; readonly ready: boolean } | undefined> {
  const found = await kube.get({ ...POD, namespace, name: pod });
  if (found === undefined || found.metadata.uid !== pod_uid) return undefined;
  const status = statusIn(found, name);
  return {
    restarts: numberAt(status, 'restartCount') ?? 0,
    ready: typeof status === 'object' && status !== null && Reflect.get(status, 'ready') === true,
  };
}

/** The processes of a container that are still the same ones, with their present state. */
export async function processesNow({ node, processes }: Container): ReturnType<typeof processesOn> {
  const now = await processesOn(
    node,
    processes.map(({ pid }) => pid),
  );
  return now.filter(({ pid, started }) =>
    processes.some((one) => one.pid === pid && one.started === started),
  );
}
