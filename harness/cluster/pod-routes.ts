import { type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { kubeClient } from '#harness/kube/client.ts';
import type { Condition } from '#harness/kube/wait.ts';
import { run } from '#harness/process/run.ts';
import type { RunningCluster } from './types.ts';

/** A node gets its range of pod addresses within a second or two of joining. */
const RANGES_S = 60;
const COMMAND_S = 20;

interface NodeRange {
  /** Name of the node, which is that of its container. */
  readonly node: string;
  readonly address: string;
  /** Addresses of its pods, as a prefix. */
  readonly range: string;
}

function rangeOf(node: KubeObject): NodeRange | undefined {
  const range = textAt(node, 'spec', 'podCIDR');
  const internal = listAt(node, 'status', 'addresses').find((one) => textAt(one, 'type') === 'InternalIP');
  const address = textAt(internal, 'address');
  return range === undefined || address === undefined
    ? undefined
    : { node: node.metadata.name, address, range };
}

function haveRanges(count: number): Condition<readonly NodeRange[]> {
  return {
    awaited: `${count} nodes to have ranges of pod addresses`,
    of: { api_version: 'v1', kind: 'Node' },
    test(nodes) {
      const value = nodes.flatMap((node) => rangeOf(node) ?? []);
      if (value.length === count) return { met: true, value };
      return { met: false, seen: `${nodes.length} nodes, ${value.length} with a range` };
    },
  };
}

/**
 * Tells each node of a cluster how to reach the pods of the others. A node gives its own pods a network; it may not read
 * what the API server knows of other nodes.
 * @throws DeadlineError when a node does not join, UnfitError when a route is refused
 */
export async function routePods(cluster: RunningCluster, nodes: number, signal: AbortSignal): Promise<void> {
  await using kube = kubeClient(cluster);
  const ranges = await kube.waitFor(haveRanges(nodes), { deadline_s: RANGES_S, signal });
  for (const { node } of ranges) {
    for (const { node: other, range, address } of ranges) {
      if (other === node) continue;
      await run(['docker', 'exec', node, 'ip', 'route', 'replace', range, 'via', address], {
        timeout_s: COMMAND_S,
        signal,
      });
    }
  }
}
