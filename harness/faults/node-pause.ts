import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { defineFault, type FaultContext } from './fault.ts';
import { nodesOf, tryOnNode } from './node.ts';
import { chooseWorker, NODE, WorkerOption } from './workers.ts';

/** A kubelet answers its port in milliseconds, also to say no; one that is frozen only takes the connection. */
const ANSWER_S = 1;
const KUBELET_PORT = 10250;
const COMMAND_S = 30;

async function docker(verb: 'pause' | 'unpause', container: string): Promise<void> {
  await run(['docker', verb, container], { timeout_s: COMMAND_S, detached: true });
}

async function isPaused(container: string): Promise<boolean> {
  const { stdout } = await tryRun(['docker', 'inspect', '--format', '{{.State.Paused}}', container], {
    timeout_s: COMMAND_S,
    detached: true,
  });
  return stdout.trim() === 'true';
}

/** The answer of a node's kubelet to another node; undefined when there is none. */
async function kubeletSays(from: string, address: string): Promise<string | undefined> {
  const url = `https://${address}:${KUBELET_PORT}/healthz`;
  const { exit_code, stdout } = await tryOnNode(from, [
    'curl',
    '--silent',
    '--insecure',
    '--max-time',
    String(ANSWER_S),
    '--output',
    '/dev/null',
    '--write-out',
    '%{http_code}',
    url,
  ]);
  return exit_code === 0 ? stdout : undefined;
}

async function isReady({ kube }: FaultContext, node: string): Promise<boolean> {
  const found = await kube.get({ ...NODE, name: node });
  return listAt(found, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

/**
 * Freezes a worker: every process on it stops where it is, and connections to it hang. Kubernetes notices only when the
 * kubelet's lease has run out, which takes most of a minute.
 */
export const nodePause = defineFault({
  name: 'node-pause',
  breaks: 'freezes a worker with all its pods; connections to it hang until its lease has run out',
  radius: { reach: 'shared', pods_max: 60 },
  options: v.strictObject(WorkerOption),
  state: v.object({ node: v.string(), address: v.string(), from: v.string() }),
  trial_needs: { nodes: 2 },
  proof_s: 60,
  example: () => ({}),
  async plan(ctx, { node: named }) {
    const node = await chooseWorker(ctx, named);
    const containers = await nodesOf(ctx);
    const from = containers.find((one) => one !== node);
    if (!containers.includes(node) || from === undefined) {
      throw new UsageError(`${node} is no container that Docker runs here`, {
        next: 'Faults of nodes work on clusters that Docker runs on this machine.',
      });
    }
    if (await isPaused(node)) throw new UsageError(`${node} is paused already`);
    const found = await ctx.kube.get({ ...NODE, name: node });
    const internal = listAt(found, 'status', 'addresses').find((one) => textAt(one, 'type') === 'InternalIP');
    const pods = await ctx.kube.list(POD);
    return {
      targets: [
        `Node/${node}`,
        ...pods.filter((pod) => textAt(pod, 'spec', 'nodeName') === node).map(nameOf),
      ],
      harm: `nothing on ${node} answers, and whoever asked waits`,
      state: { node, address: textAt(internal, 'address') ?? '', from },
    };
  },
  async inject(ctx, { node }) {
    // Asked again: only a container of the guarded cluster is ever touched.
    if (!(await nodesOf(ctx)).includes(node)) throw new UsageError(`${node} is no node of the cluster`);
    await docker('pause', node);
  },
  async probeOn(_ctx, { from, address }) {
    const said = await kubeletSays(from, address);
    return {
      holds: said === undefined,
      seen:
        said === undefined
          ? `its kubelet did not answer within ${ANSWER_S} s`
          : `its kubelet answered ${said}`,
    };
  },
  async heal(ctx, { node }) {
    if ((await nodesOf(ctx)).includes(node) && (await isPaused(node))) await docker('unpause', node);
  },
  async probeOff(ctx, { node, from, address }) {
    const said = await kubeletSays(from, address);
    if (said === undefined) return { holds: false, seen: `its kubelet did not answer within ${ANSWER_S} s` };
    return { holds: await isReady(ctx, node), seen: `its kubelet answered ${said}` };
  },
});
