import { basename } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { KIND_LABEL } from './names.ts';
import { readRecord } from './record.ts';
import { nodeContainers } from './remove.ts';
import type { RunningCluster } from './types.ts';

const CTR = ['ctr', '--namespace', 'k8s.io', 'images'] as const;
/** Upper bounds in seconds. */
const ASK_S = 30;
const LOAD_S = 120;

/** The containers of a cluster's nodes. @throws UnfitError when there is none, as on a cluster made elsewhere */
async function nodesOf(cluster: RunningCluster): Promise<readonly string[]> {
  const record = await readRecord(cluster.name);
  // The containers of an adopted cluster have names of their own maker's choice.
  const nodes = record?.nodes ?? (await nodeContainers(cluster.name));
  if (nodes.length > 0) return nodes;
  throw new UnfitError(`Cluster ${cluster.name} has no node that Docker knows here`, {
    next: 'Images can be loaded only into clusters that Mettle made on this machine.',
  });
}

/** The container of a cluster's control plane, or of its first node where no label tells. @throws UnfitError for none */
export async function nodeOf(cluster: RunningCluster): Promise<string> {
  const nodes = await nodesOf(cluster);
  const [first = ''] = nodes;
  if (nodes.length === 1) return first;
  const filters = [`label=${KIND_LABEL}=${cluster.name}`, 'label=io.x-k8s.kind.role=control-plane'];
  const { stdout } = await run(
    ['docker', 'ps', '--quiet', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter])],
    { timeout_s: ASK_S },
  );
  return stdout.split('\n').find(Boolean) ?? first;
}

/** References of the images that every node of a cluster has. @throws UnfitError when Docker does not answer */
export async function imagesOn(cluster: RunningCluster): Promise<ReadonlySet<string>> {
  const found = (await nodesOf(cluster)).map(async (node) => {
    const { stdout } = await run(['docker', 'exec', node, ...CTR, 'list', '--quiet'], { timeout_s: ASK_S });
    return new Set(stdout.split('\n').filter(Boolean));
  });
  return (await Promise.all(found)).reduce((common, one) => common.intersection(one));
}

/** Loads an image's archive into the containerd of each node of a cluster. @throws UnfitError when it is refused */
export async function loadImage(
  cluster: RunningCluster,
  archive: string,
  signal: AbortSignal,
): Promise<void> {
  for (const node of await nodesOf(cluster)) await loadInto(node, archive, signal);
}

async function loadInto(node: string, archive: string, signal: AbortSignal): Promise<void> {
  const inside = `/var/tmp/${basename(archive)}`;
  try {
    await run(['docker', 'cp', '--quiet', archive, `${node}:${inside}`], { timeout_s: LOAD_S, signal });
    await run(['docker', 'exec', node, ...CTR, 'import', '--no-unpack', inside], {
      timeout_s: LOAD_S,
      signal,
    });
  } finally {
    await tryRun(['docker', 'exec', node, 'rm', '--force', inside], { timeout_s: ASK_S });
  }
}
