import { UsageError } from '#harness/core/errors.ts';
import type { ServerEngine } from '#harness/core/guard/facts.ts';
import { startContainer } from './container.ts';
import { type StartOptions, startEmbedded } from './embedded.ts';
import type { ScratchServer } from './types.ts';

/**
 * Starts a server that belongs to this run alone.
 * @param options.image of the container; one that is present is chosen by the version when absent
 * @throws UsageError for an engine or version that is not there; UnfitError when it does not start
 */
export async function startServer(
  options: StartOptions & { readonly engine: ServerEngine; readonly image?: string | undefined },
): Promise<ScratchServer> {
  if (options.engine === 'embedded') return await startEmbedded(options);
  if (options.engine === 'testcontainers') return await startContainer(options);
  throw new UsageError(`no server can be started by the engine ${options.engine}`, {
    next: 'Choose --engine embedded or --engine container.',
  });
}
