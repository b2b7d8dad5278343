import { startServer } from '../server/start.ts';
import type { ScratchServer } from '../server/types.ts';

/** A server for the few rows of a test, which ends when it is disposed of. @param version the newest when absent */
export async function startSmallServer(version?: string): Promise<ScratchServer> {
  return await startServer({
    engine: 'embedded',
    small: true,
    version,
    signal: new AbortController().signal,
  });
}
