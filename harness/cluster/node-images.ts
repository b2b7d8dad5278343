import { basename } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { readRecord } from './record.ts';
import { nodeContainers } from './remove.ts';
import type { RunningCluster } from './types.ts';

const CTR = ['ctr', '--namespace', 'k8s.io', 'images'] as const;
/** Upper bounds in seconds. */
const ASK_S = 30;
const LOAD_S = 120;

/** The container of the cluster's only node. @throws UnfitError when there is none, as on a cluster made elsewhere */
export async function nodeOf(cluster: RunningCluster): Promise<string> {
  const record = await readRecord(cluster.name);
  // The containers of an adopted cluster have names of their own maker's choice.
  const [node] = record?.nodes ?? (await nodeContainers(cluster.name));
  if (node !== undefined) return node;
  throw new UnfitError(`Cluster ${cluster.name} has no node that Docker knows here`, {
    next: 'Images can be loaded only into clusters that Mettle made on this machine.',
  });
}

/** References of the images in the containerd of a cluster's node. @throws UnfitError when Docker does not answer */
export async function imagesOn(cluster: RunningCluster): Promise<ReadonlySet<string>> {
  const node = await nodeOf(cluster);
  const { stdout } = await run(['docker', 'exec', node, ...CTR, 'list', '--quiet'], { timeout_s: ASK_S });
  return new Set(stdout.split('\n').filter(Boolean));
}

/** Loads an image's archive into the containerd of a cluster's node. @throws UnfitError when it is refused */
export async function loadImage(
  cluster: RunningCluster,
  archive: string,
  signal: AbortSignal,
): Promise<void> {
  const node = await nodeOf(cluster);
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
