import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, nameOf, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { freshId } from '#harness/lease/receipt.ts';
import { POD } from '#harness/kube/recording.ts';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import { addChain, hasChain, pairRules, removeChain } from './iptables.ts';
import { containersOf, nodeOfPod, nodesOf, pidsOf, tryOnNode } from './node.ts';

const End = v.object({ namespace: v.string(), name: v.string(), uid: v.string(), ip: v.string() });

const State = v.object({
  chain: v.string(),
  nodes: v.array(v.string()),
  from: v.array(End),
  to: v.array(End),
  port: v.number(),
  refused: v.boolean(),
});

type Ends = v.InferOutput<typeof State>['from'];
type PartitionState = v.InferOutput<typeof State>;

/** A connection within a cluster is made in a millisecond. */
const CONNECT_S = 1;
/** Namespaces that hold what the cluster itself lives by. */
const KEPT: ReadonlySet<string> = new Set(['mettle-system', 'kube-system']);

const labels = (meaning: string) => v.pipe(v.string(), v.minLength(1), v.description(meaning));

async function endsOf(
  { kube }: FaultContext,
  namespace: string,
  selector: string,
): Promise<{ readonly ends: Ends; readonly pods: readonly KubeObject[] }> {
  const pods = await kube.list({ ...POD, namespace, labels: selector });
  const ends = pods.flatMap((pod) => {
    const ip = textAt(pod, 'status', 'podIP');
    if (ip === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
    return [{ namespace, name: pod.metadata.name, uid: pod.metadata.uid ?? '', ip }];
  });
  return { ends, pods };
}

function portOf(pods: readonly KubeObject[]): number | undefined {
  return pods
    .flatMap((pod) => listAt(pod, 'spec', 'containers'))
    .flatMap((container) => listAt(container, 'ports'))
    .map((port) => numberAt(port, 'containerPort'))
    .find((port) => port !== undefined);
}

function addressesOf(ends: Ends): readonly string[] {
  return ends.map(({ ip }) => ip);
}

async function livingOf({ kube }: FaultContext, ends: Ends): Promise<Ends> {
  const now = await Promise.all(ends.map(({ namespace, name }) => kube.get({ ...POD, namespace, name })));
  return ends.filter(({ uid }, index) => now[index]?.metadata.uid === uid);
}

/** How many of the pairs can open a connection, tried from inside the pods; pods that are gone are left out. */
async function connected(
  ctx: FaultContext,
  { from, to, port }: PartitionState,
): Promise<{ readonly tried: number; readonly open: number }> {
  const there = await livingOf(ctx, to);
  const tries = from.map(async (left): Promise<readonly boolean[]> => {
    const pod = await ctx.kube.get({ ...POD, namespace: left.namespace, name: left.name });
    if (pod === undefined || pod.metadata.uid !== left.uid) return [];
    const node = await nodeOfPod(ctx, pod);
    const [container] = containersOf(pod).values();
    const [pid] = container === undefined ? [] : await pidsOf(node, container);
    if (pid === undefined) return [];
    const inside = ['nsenter', '--target', String(pid), '--net'];
    const reach = async ({ ip }: Ends[number]): Promise<boolean> => {
      const connect = ['timeout', String(CONNECT_S), 'bash', '-c', `: </dev/tcp/${ip}/${port}`];
      return (await tryOnNode(node, [...inside, ...connect])).exit_code === 0;
    };
    return await Promise.all(there.map(reach));
  });
  const found = (await Promise.all(tries)).flat();
  return { tried: found.length, open: found.filter(Boolean).length };
}

/**
 * Cuts pods off from other pods, in both directions, by packet filters of the nodes. It is made for the pods that carry
 * the labels when it begins: those that come later are not cut off.
 */
export const networkPartition = defineFault({
  name: 'network-partition',
  breaks: 'lets nothing pass between pods of the run and some others, in either direction',
  radius: { reach: 'own', pods_max: 20 },
  options: v.strictObject({
    from: labels('label selector of pods of the run'),
    to: labels('label selector of the pods that they are cut off from'),
    to_namespace: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.description('where those are; the namespace of the run when absent'),
      ),
    ),
    answer: v.optional(
      v.pipe(
        v.picklist(['none', 'reset']),
        v.description('none: packets vanish; reset: connections are refused; none when absent'),
      ),
      'none',
    ),
  }),
  state: State,
  example: ({ namespace }) => ({
    from: 'app=shop',
    to: 'app=mettle-toxiproxy',
    to_namespace: namespace,
  }),
  trial_needs: { components: ['postgres'] },
  async plan(ctx, { from, to, to_namespace, answer }, namespace) {
    const there = to_namespace ?? namespace;
    if (KEPT.has(there)) throw new UsageError(`nothing is cut off from ${there}: the cluster lives by it`);
    const left = await endsOf(ctx, namespace, from);
    const right = await endsOf(ctx, there, to);
    const ends = new Set(left.ends.map(({ ip }) => ip));
    const both = right.ends.filter(({ ip }) => ends.has(ip));
    if (both.length > 0) throw new UsageError(`${from} and ${to} mean the same pod ${both[0]?.name}`);
    if (right.ends.length === 0) throw new UsageError(`no pod of ${there} has ${to}`);
    const port = portOf(right.pods);
    if (port === undefined) throw new UsageError(`the pods with ${to} name no port to try`);
    return {
      targets: left.pods.map(nameOf),
      harm: `${left.ends.length} pods with ${from} and ${right.ends.length} with ${to} cannot reach each other`,
      state: {
        chain: `METTLE-${freshId()}`,
        nodes: [...(await nodesOf(ctx))],
        from: left.ends,
        to: right.ends,
        port,
        refused: answer === 'reset',
      },
    };
  },
  async inject(_ctx, state) {
    const { from, to, refused } = state;
    const rules = pairRules(addressesOf(from), addressesOf(to), refused);
    for (const node of state.nodes) await addChain(node, state.chain, rules);
  },
  async probeOn(ctx, state) {
    const { tried, open } = await connected(ctx, state);
    return { holds: tried > 0 && open === 0, seen: seenOf(tried, open) };
  },
  async heal(_ctx, { nodes, chain }) {
    for (const node of nodes) await removeChain(node, chain);
  },
  async probeOff(ctx, state) {
    const { nodes, chain } = state;
    const left = await Promise.all(nodes.map((node) => hasChain(node, chain)));
    if (left.some(Boolean)) return { holds: false, seen: `chain ${chain} is there` };
    const { tried, open } = await connected(ctx, state);
    return { holds: open === tried, seen: seenOf(tried, open) } satisfies Probe;
  },
});

function seenOf(tried: number, open: number): string {
  return `${open} of ${tried} connections could be opened`;
}
