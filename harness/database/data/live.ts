import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { clientEnv, nameOf } from '../server/address.ts';
import { clientPrograms } from '../server/clients.ts';
import { openClient } from '../server/client.ts';
import type { Address } from '../server/types.ts';
import { type DumpScript, openProgram } from './dump/open.ts';

/** A migration must not queue on a live database behind a lock, and others behind it. */
const LOCK_WAIT_S = 10;
/** Every transaction is refused whatever writes, by the server itself. */
export const READ_ONLY = { default_transaction_read_only: 'on' } as const;
const PER_MAJOR = 10_000;

/** A database that is only read. */
export interface LiveDatabase {
  /** `host:port/database`. */
  readonly name: string;
  readonly version_num: number;
  readonly bytes: number;
}

/**
 * Asks a live database what it is, in a session that cannot write.
 * @throws UnfitError when it cannot be reached
 */
export async function readLive(address: Address): Promise<LiveDatabase> {
  await using client = await openClient(address, READ_ONLY);
  const { rows } = await client.query<{ version_num: number; bytes: string }>(
    `SELECT current_setting('server_version_num')::int AS version_num, pg_database_size(current_database()) AS bytes`,
  );
  const [one] = rows;
  if (one === undefined) throw new UnfitError(`the database ${nameOf(address)} does not tell its version`);
  return { name: nameOf(address), version_num: one.version_num, bytes: Number(one.bytes) };
}

/** A name as pg_dump's patterns take it: word by word. Source: psql's documentation, "Patterns". */
function pattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A script of all that a live database holds at one moment. pg_dump reads it in one transaction that is repeatable and
 * cannot write; it takes no lock that anybody but a change of the schema would wait for, and gives up where it would wait itself.
 * @param schemas all when absent: an account that may read one schema alone can copy no more
 * @throws UnfitError when there is no pg_dump that knows the server's version
 */
export async function openLive(
  address: Address,
  live: LiveDatabase,
  schemas: readonly string[] = [],
): Promise<DumpScript> {
  const programs = await livePrograms(live);
  return await openProgram(
    [
      join(programs, 'pg_dump'),
      '--format=plain',
      '--encoding=UTF8',
      '--no-password',
      `--lock-wait-timeout=${LOCK_WAIT_S}s`,
      ...(schemas.length === 0
        ? []
        : ['--strict-names', ...schemas.map((one) => `--schema=${pattern(one)}`)]),
    ],
    { ...clientEnv(address), PGOPTIONS: '-c default_transaction_read_only=on', PGAPPNAME: 'mettle' },
    `the database ${live.name}`,
  );
}

/** Folder of a pg_dump that reads this server. @throws UnfitError when there is none */
export async function livePrograms({ name, version_num }: LiveDatabase): Promise<string> {
  const major = Math.floor(version_num / PER_MAJOR);
  const programs = await clientPrograms(major);
  if (programs !== undefined) return programs.folder;
  throw new UnfitError(
    `copying the database ${name} needs pg_dump ${major} or newer; this machine has none`,
    {
      next: `Install postgresql-client-${major}, or give a dump of it instead.`,
    },
  );
}
