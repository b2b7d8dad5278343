import { statfs } from 'node:fs/promises';
import { UnfitError } from '#harness/core/errors.ts';
import type { ScratchServer } from '../server/types.ts';
import { openClient } from '../server/client.ts';

const MIB = 1024 * 1024;
/** The rows themselves, a copy that a migration is run on, and the log and the rewrites of both. */
const COPIES = 3;

/** Free bytes where a server keeps its data; undefined where this process cannot see it, as in a container. */
async function freeBytes(server: ScratchServer): Promise<number | undefined> {
  if (server.engine !== 'embedded') return undefined;
  await using database = await server.create();
  await using client = await openClient(database.address);
  const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
  const place = await statfs(rows[0]?.data_directory ?? '/');
  return place.bavail * place.bsize;
}

/**
 * @param bytes size of the database as it will be
 * @param what the data, for the message
 * @throws UnfitError when it does not fit, before anything is written
 */
export async function refuseFullDisk(server: ScratchServer, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(server);
  const needed = bytes * COPIES;
  if (free === undefined || needed <= free) return;
  throw new UnfitError(
    `${what} does not fit: ${mib(free)} MiB are free and about ${mib(needed)} MiB are needed for it and the copies of it`,
    { next: 'Make room, set TMPDIR to a larger disk, or use fewer rows.' },
  );
}

function mib(bytes: number): number {
  return Math.round(bytes / MIB);
}
