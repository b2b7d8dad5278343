import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject } from '#harness/core/kubernetes.ts';
import type { FaultContext } from './fault.ts';

export const NODE = { api_version: 'v1', kind: 'Node' } as const;

/** Which node a fault acts on. */
export const WorkerOption = {
  node: v.optional(v.pipe(v.string(), v.description('name of the worker; the only one when absent'))),
} as const;

/** Without its API server a cluster could not be healed. */
function isControlPlane({ metadata }: KubeObject): boolean {
  return metadata.labels?.['node-role.kubernetes.io/control-plane'] !== undefined;
}

/**
 * The worker that is meant.
 * @param wanted `schedulable` refuses one that takes no pods already
 * @throws UsageError for a control plane, an unknown name, and for none where there is not exactly one
 */
export async function chooseWorker(
  { kube }: FaultContext,
  named: string | undefined,
  wanted: { readonly schedulable: boolean } = { schedulable: false },
): Promise<string> {
  const nodes = await kube.list(NODE);
  const workers = nodes.filter((node) => !isControlPlane(node));
  const names = workers.map(({ metadata }) => metadata.name);
  const next =
    names.length === 0
      ? 'Make a cluster with workers: mettle cluster create --nodes 2, or `// Nodes: 2` in a scenario.'
      : `Name one of ${names.join(', ')}.`;
  const [only] = names;
  const chosen = named ?? (names.length === 1 ? only : undefined);
  if (chosen === undefined || !names.includes(chosen)) {
    const why =
      named === undefined
        ? `the cluster has ${names.length} workers, not one`
        : `${named} is no worker of the cluster`;
    throw new UsageError(why, { next });
  }
  const node = workers.find(({ metadata }) => metadata.name === chosen);
  if (wanted.schedulable && at(node, 'spec', 'unschedulable') === true) {
    throw new UsageError(`${chosen} is cordoned already`, { next: 'Uncordon it first, or name another.' });
  }
  return chosen;
}
