import type { ServerEngine } from '#harness/core/guard/facts.ts';
import { UsageError } from '#harness/core/errors.ts';
import { type StartOptions, startEmbedded } from './embedded.ts';
import type { ScratchServer } from './types.ts';

/**
 * Starts a server that belongs to this run alone.
 * @throws UsageError for an engine or version that is not there; UnfitError when it does not start
 */
export async function startServer(
  options: StartOptions & { readonly engine: ServerEngine },
): Promise<ScratchServer> {
  if (options.engine === 'embedded') return await startEmbedded(options);
  throw new UsageError(`no server can be started by the engine ${options.engine}`);
}
