/** Connections of the guard to a scratch database, each under a name by which the server's views tell it from others. */
import { Client } from 'pg';
import { identifier, literal } from '../ask.ts';
import { clientConfig } from '../server/address.ts';
import { LastingClient } from '../server/lasting.ts';
import { unreachable } from '../server/refusals.ts';
import type { Address } from '../server/types.ts';

/** A machine that is busy with a migration takes its time. */
const CONNECT_MS = 30_000;

/** One session of the server. Disposing it closes it, whether or not the server is still there. */
export interface Session extends AsyncDisposable {
  readonly address: Address;
  readonly client: Client;
  /** Process of the server that serves it, as in `pg_locks.pid`. */
  readonly pid: number;
}

/**
 * @param name `application_name` of the session
 * @throws UnfitError when the database lets nobody in
 */
export async function openSession(address: Address, name: string): Promise<Session> {
  const client = new Client({
    ...clientConfig(address),
    application_name: name,
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return {
      address,
      client,
      pid: rows[0]?.pid ?? 0,
      [Symbol.asyncDispose]: () => client.end().catch(() => undefined),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw unreachable(address, error);
  }
}

/** A session for whoever asks again and again. */
export function lastingSession(address: Address, name: string): LastingClient {
  return new LastingClient(async () => (await openSession(address, name)).client);
}

/** Sets what the tool sets before it runs a file. */
export async function applySettings(
  { client }: Session,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const quoted = name.split('.').map(identifier).join('.');
    await client.query(`SET ${quoted} = ${literal(value)}`);
  }
}
