import { rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines of a log that are shown of a daemon's end. */
const SHOWN_LINES = 15;

/**
 * Whether a daemon ended over a network that it was killed in the middle of removing: what it kept of that network
 * lacks the addresses, and reserving them again is a look past the end of a list.
 * Source: moby/moby#45057, in libnetwork's `reservePools`; every start ends so until the network is gone.
 */
export function brokeOverNetworks(log: string): boolean {
  return /^panic: runtime error: index out of range/m.test(log) && /\breservePools\(/.test(log);
}

/** The lines of a log that tell of an end: those from a panic on, else the last ones. */
export function lastWords(log: string): string {
  const lines = log.trim().split('\n');
  const panic = lines.findIndex((line) => /^(panic|fatal error): /.test(line));
  return (panic === -1 ? lines.slice(-SHOWN_LINES) : lines.slice(panic, panic + SHOWN_LINES)).join('\n');
}

/**
 * Moves what a stopped daemon knows of networks out of its way. Docker makes its own networks (bridge, host, none)
 * anew; others have to be made again.
 * @param root the daemon's data folder
 * @returns where they are kept
 */
export async function setNetworksAside(root: string): Promise<string> {
  const file = join(root, 'network', 'files', 'local-kv.db');
  const kept = `${file}.before-mettle-${new Date().toISOString().replaceAll(':', '-')}`;
  await rename(file, kept);
  return kept;
}
