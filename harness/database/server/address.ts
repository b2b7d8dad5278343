import type { ClientConfig } from 'pg';
import { UsageError } from '#harness/core/errors.ts';
import type { Address } from './types.ts';

const DEFAULT_PORT = 5432;
const NEXT = 'Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.';

/**
 * Reads `postgres://user:password@host:port/database`. A part that is absent is taken from `PGUSER`, `PGPASSWORD` and the
 * like, as psql does.
 * @throws UsageError that says what is wrong and repeats nothing of the text, which may hold a password
 */
export function parseAddress(url: string, env: Readonly<NodeJS.ProcessEnv> = process.env): Address {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new UsageError('the address of the database cannot be read', { next: NEXT });
  }
  const user = decoded(parsed.username, 'user') || env['PGUSER'];
  const database = decoded(parsed.pathname.slice(1), 'database') || env['PGDATABASE'] || user;
  if (!user || !database) {
    throw new UsageError(`the address of the database names no ${user ? 'database' : 'user'}`, {
      next: NEXT,
    });
  }
  // A folder of sockets stands in the query, where libpq looks for it too.
  const host = parsed.searchParams.get('host') ?? decoded(parsed.hostname.replace(/^\[|\]$/g, ''), 'host');
  return {
    host: host || env['PGHOST'] || '127.0.0.1',
    port: Number(parsed.port || env['PGPORT'] || DEFAULT_PORT),
    user,
    password: decoded(parsed.password, 'password') || (env['PGPASSWORD'] ?? ''),
    database,
  };
}

function decoded(part: string, what: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new UsageError(`the ${what} in the address of the database is not percent-encoded as it must be`, {
      next: NEXT,
    });
  }
}

/** How an address is called wherever a person reads it: `host:port/database`. */
export function nameOf({ host, port, database }: Address): string {
  return `${host}:${port}/${database}`;
}

/** An address as the client library takes it. */
export function clientConfig(address: Address): ClientConfig {
  return { ...address };
}

/** An address as programs take it in their environment, where no list of processes shows it. */
export function clientEnv({
  host,
  port,
  user,
  password,
  database,
}: Address): Readonly<Record<string, string>> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '10',
  };
}
