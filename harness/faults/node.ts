import { nodeContainers } from '#harness/cluster/remove.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { run, type RunResult, tryRun } from '#harness/process/run.ts';
import type { FaultContext } from './fault.ts';

const COMMAND_S = 20;

/** Runs a program in a node's container, in a session of its own, and returns its output whatever its exit code. */
export async function tryOnNode(node: string, command: readonly string[]): Promise<RunResult> {
  return await tryRun(['docker', 'exec', node, ...command], { timeout_s: COMMAND_S, detached: true });
}

/**
 * Runs a program in a node's container and returns what it printed.
 * @throws UnfitError when it does not exit 0
 */
export async function onNode(node: string, command: readonly string[]): Promise<string> {
  const whole = ['docker', 'exec', node, ...command];
  return (await run(whole, { timeout_s: COMMAND_S, detached: true })).stdout;
}

/** The names of the containers that are a cluster's nodes. @throws UnfitError when Docker runs none of them here */
export async function nodesOf({ cluster }: Pick<FaultContext, 'cluster'>): Promise<readonly string[]> {
  const record = await readRecord(cluster.name);
  const ids = record?.nodes ?? (await nodeContainers(cluster.name));
  if (ids.length === 0) {
    throw new UnfitError(`Cluster ${cluster.name} has no node that Docker knows here`, {
      next: 'Faults inside nodes work on clusters that Docker runs on this machine.',
    });
  }
  const { stdout } = await run(['docker', 'inspect', '--format', '{{.Name}}', ...ids], {
    timeout_s: COMMAND_S,
  });
  return stdout
    .split('\n')
    .map((name) => name.replace(/^\//, ''))
    .filter(Boolean)
    .sort();
}

/** The container of the node that a pod runs on. @throws UsageError when the pod has none, or Docker does not run it */
export async function nodeOfPod(ctx: FaultContext, pod: KubeObject): Promise<string> {
  const node = textAt(pod, 'spec', 'nodeName');
  if (node !== undefined && (await nodesOf(ctx)).includes(node)) return node;
  throw new UsageError(`${nameOf(pod)} runs on ${node ?? 'no node'}, which Docker does not run here`);
}

/** A process inside a node, told from a later one of the same number by its start. */
export interface NodeProcess {
  readonly pid: number;
  /** In ticks after boot, as proc_pid_stat(5) has it. */
  readonly started: string;
  /** One letter: `T` is stopped. */
  readonly state: string;
}

/** Reads processes of a node; those that are gone are left out. */
export async function processesOn(node: string, pids: readonly number[]): Promise<readonly NodeProcess[]> {
  if (pids.length === 0) return [];
  const { stdout } = await tryOnNode(node, ['cat', ...pids.map((pid) => `/proc/${pid}/stat`)]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      // The program's name, in brackets, may hold anything.
      const rest = line.slice(line.lastIndexOf(')') + 2).split(' ');
      const [state, started] = [rest[0], rest[19]];
      return state === undefined || started === undefined
        ? []
        : [{ pid: Number.parseInt(line, 10), started, state }];
    });
}

/** Sends a signal to processes of a node; one that is gone meanwhile is no mistake. */
export async function signalOn(node: string, signal: string, pids: readonly number[]): Promise<void> {
  if (pids.length > 0) await tryOnNode(node, ['kill', `-${signal}`, ...pids.map(String)]);
}

/** Numbers of the processes of a node that run a program of this name, of at most 15 letters. */
export async function pidsNamed(node: string, program: string): Promise<readonly number[]> {
  const { stdout } = await tryOnNode(node, ['sh', '-c', `grep -lx ${program} /proc/[0-9]*/comm`]);
  return [...stdout.matchAll(/^\/proc\/(\d+)\//gm)].map(([, pid]) => Number(pid));
}

/** Ids of a pod's running containers by their names. */
export function containersOf(pod: KubeObject): ReadonlyMap<string, string> {
  const running = listAt(pod, 'status', 'containerStatuses').flatMap((one): [string, string][] => {
    const [name, id] = [textAt(one, 'name'), textAt(one, 'containerID')];
    return name === undefined || id === undefined ? [] : [[name, id.replace(/^containerd:\/\//, '')]];
  });
  return new Map(running);
}

/** Numbers of the processes of a container, as its node counts them; none when it does not run. */
export async function pidsOf(node: string, container_id: string): Promise<readonly number[]> {
  const { stdout } = await tryOnNode(node, ['ctr', '--namespace', 'k8s.io', 'tasks', 'ps', container_id]);
  return stdout
    .split('\n')
    .map((line) => /^(\d+)\s/.exec(line)?.[1])
    .filter((pid) => pid !== undefined)
    .map(Number);
}
