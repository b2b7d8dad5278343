import pg from 'pg';
import { clientConfig } from './address.ts';
import { unreachable } from './refusals.ts';
import type { Address } from './types.ts';

const CONNECT_MS = 10_000;
const NAME = 'mettle';

/** A connection that ends with its scope. */
export type OwnClient = pg.Client & AsyncDisposable;

/**
 * Opens a connection. One that breaks is told by the next statement.
 * @param settings of the session, such as `default_transaction_read_only`
 * @throws UnfitError that names the database and why it cannot be reached
 */
export async function openClient(
  address: Address,
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnClient> {
  const client = new pg.Client({
    ...clientConfig(address),
    application_name: NAME,
    connectionTimeoutMillis: CONNECT_MS,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw unreachable(address, error);
  }
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end().catch(() => undefined) });
}

/** Ends a connection as soon as a run is called off, whatever it is waiting for; its statement then fails. */
export function endOn(client: OwnClient, signal: AbortSignal): Disposable {
  const end = (): void => {
    client.end().catch(() => undefined);
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', end);
    },
  };
}
