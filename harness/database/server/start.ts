import type { ServerEngine } from '#harness/core/guard/facts.ts';
import { startContainer } from './container.ts';
import { type StartOptions, startEmbedded } from './embedded.ts';
import type { ScratchServer } from './types.ts';

/**
 * Starts a server on this machine that belongs to this run alone. One in a cluster is started by `StartInCluster`.
 * @param options.image of the container; one that is present is chosen by the version when absent
 * @throws UsageError for a version that is not there; UnfitError when it does not start
 */
export async function startServer(
  options: StartOptions & {
    readonly engine: Exclude<ServerEngine, 'cluster'>;
    readonly image?: string | undefined;
  },
): Promise<ScratchServer> {
  return options.engine === 'embedded' ? await startEmbedded(options) : await startContainer(options);
}
