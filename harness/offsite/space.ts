import { stat } from 'node:fs/promises';
import { UnfitError } from '#harness/core/errors.ts';
import { GIB, gib } from '#harness/machine/bytes.ts';
import { askDaemon } from '#harness/machine/daemon.ts';
import { diskFact } from '#harness/machine/facts.ts';

/** What is about to be written to a place. */
export interface SpaceNeed {
  readonly path: string;
  readonly purpose: string;
  readonly bytes: number;
}

/** A place as it is now. */
export interface PlaceFact {
  readonly path: string;
  readonly free_bytes: number;
  /** Two places of one file system share their free space; its number tells. */
  readonly device: number;
}

/** A node writes as much of its own while it starts, beside the images that it shares with the lost one. */
const NODE_BYTES = 3 * GIB;
/** The files of the database and, meanwhile, the log that is replayed into them. */
const RESTORE_FACTOR = 2;
/** Backups go on while a cluster is rebuilt. */
const BACKUPS_FACTOR = 1;

/** What a rebuild with a restore writes, and where. */
export function restoreNeeds(
  database_bytes: number,
  places: { readonly docker: string; readonly backups: string },
): readonly SpaceNeed[] {
  return [
    {
      path: places.docker,
      purpose: 'the new node and the restored database',
      bytes: NODE_BYTES + RESTORE_FACTOR * database_bytes,
    },
    {
      path: places.backups,
      purpose: 'the backups that follow',
      bytes: BACKUPS_FACTOR * database_bytes,
    },
  ];
}

/** What does not fit, one line for each file system; needs of one file system are added up. Pure. */
export function lackingSpace(needs: readonly SpaceNeed[], places: readonly PlaceFact[]): readonly string[] {
  const known = needs.map((need) => {
    const place = places.find(({ path }) => path === need.path);
    if (place === undefined) throw new Error(`nothing is known of ${need.path}`);
    return { ...need, ...place };
  });
  return [...Map.groupBy(known, ({ device }) => device).values()].flatMap((group) => {
    const bytes = group.reduce((sum, need) => sum + need.bytes, 0);
    const free_bytes = Math.min(...group.map((need) => need.free_bytes));
    if (bytes <= free_bytes) return [];
    const purposes = group.map(({ path, purpose }) => `${purpose} (${path})`).join(' and ');
    return [`${gib(free_bytes)} are free and ${gib(bytes)} are needed for ${purposes}`];
  });
}

async function placeFact(path: string): Promise<PlaceFact> {
  const [{ free_bytes }, { dev }] = await Promise.all([diskFact(path, path), stat(path)]);
  return { path, free_bytes, device: dev };
}

/**
 * Proves that a database fits where it is to be restored; to be asked before a cluster is destroyed.
 * @param database_bytes size of the database's files
 * @param backups folder of the backups on this machine
 * @throws UnfitError naming each place that is too small, or when Docker does not answer
 */
export async function refuseFullDisk(database_bytes: number, backups: string): Promise<void> {
  const daemon = await askDaemon();
  if (daemon.state === 'silent') throw new UnfitError(`Docker does not answer: ${daemon.reason}`);
  const docker = daemon.info.root;
  const facts = await Promise.all([placeFact(docker), placeFact(backups)]);
  const lacking = lackingSpace(restoreNeeds(database_bytes, { docker, backups }), facts);
  if (lacking.length === 0) return;
  throw new UnfitError(`A restore does not fit on this machine: ${lacking.join('; ')}`, {
    next: 'Nothing was destroyed. Make room (mettle images prune, docker system df), then run this again.',
  });
}
