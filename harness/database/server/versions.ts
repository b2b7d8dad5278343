import type { ServerEngine } from '#harness/core/guard/facts.ts';
import { serverPrograms } from './programs.ts';

/** A version that can be started here. */
export interface AvailableVersion {
  readonly engine: ServerEngine;
  readonly version: string;
}

/** What can be started on this machine without Docker, newest first. */
export async function availableVersions(): Promise<readonly AvailableVersion[]> {
  return (await serverPrograms()).map(({ version }) => ({ engine: 'embedded', version }));
}
