import { imagesOn } from '#harness/cluster/node-images.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';

/** As nodes know it, wherever it was published. */
const POSTGRES = /(?:^|\/)mettle\/postgres:[^@]+$/;

/** The image of PostgreSQL among those of a node; the last by name, where there are several. */
export function postgresAmong(images: Iterable<string>): string | undefined {
  return [...images]
    .filter((ref) => POSTGRES.test(ref))
    .sort()
    .at(-1);
}

/** The image of the stack's PostgreSQL that every node of a cluster has. @throws UnfitError when there is none */
export async function postgresImageOn(cluster: RunningCluster): Promise<string> {
  const found = postgresAmong(await imagesOn(cluster));
  if (found !== undefined) return found;
  throw new UnfitError(`the nodes of cluster ${cluster.name} do not hold the image of PostgreSQL`, {
    next: 'Make one whose nodes do (mettle cluster create --stack postgres --keep), or choose --engine embedded.',
  });
}
