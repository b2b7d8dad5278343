import type { ClientConfig } from 'pg';
import { UsageError } from '#harness/core/errors.ts';
import { REDACTED, redactText } from '#harness/core/redact.ts';
import type { Address, SslMode } from './types.ts';

const SSL_MODES: readonly SslMode[] = ['disable', 'require', 'verify-ca', 'verify-full'];
const USER_WITHOUT_HOST = /^postgres(?:ql)?:\/\/[^/]*@(?=[/?]|$)/;
/** Read from the text itself: to the standard of URLs `.` and `..` are steps, and here they are names of databases. */
const PATH = /^[^:]+:\/\/[^/?#]*\/(?<path>[^?#]*)/;
const NO_HOST = 'none.invalid';
const DEFAULT_PORT = 5432;
const NEXT = 'Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.';

/**
 * Reads `postgres://user:password@host:port/database`. A part that is absent is taken from `PGUSER`, `PGPASSWORD` and the
 * like, as psql does.
 * @throws UsageError that says what is wrong and repeats nothing of the text, which may hold a password
 */
export function parseAddress(url: string, env: Readonly<NodeJS.ProcessEnv> = process.env): Address {
  // libpq allows a user without a host, and the standard of URLs does not.
  const hosted = url.replace(USER_WITHOUT_HOST, `$&${NO_HOST}`);
  const parsed = URL.canParse(hosted) ? new URL(hosted) : undefined;
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new UsageError('the address of the database cannot be read', { next: NEXT });
  }
  const user = decoded(parsed.username, 'user') || env['PGUSER'];
  const database =
    decoded(PATH.exec(hosted)?.groups?.['path'] ?? '', 'database') || env['PGDATABASE'] || user;
  if (!user || !database) {
    throw new UsageError(`the address of the database names no ${user ? 'database' : 'user'}`, {
      next: NEXT,
    });
  }
  const sslmode = sslModeIn(parsed.searchParams.get('sslmode') ?? env['PGSSLMODE']);
  // A folder of sockets stands in the query, where libpq looks for it too.
  const host = parsed.searchParams.get('host') ?? hostOf(parsed);
  return {
    host: host || env['PGHOST'] || '127.0.0.1',
    port: Number(parsed.port || env['PGPORT'] || DEFAULT_PORT),
    user,
    password: decoded(parsed.password, 'password') || (env['PGPASSWORD'] ?? ''),
    database,
    ...(sslmode === undefined ? {} : { sslmode }),
  };
}

/** As programs take it; it holds the password. */
export function addressUrl({ host, port, user, password, database }: Address): string {
  const [name, secret, path] = [user, password, database].map(encodeURIComponent);
  return `postgres://${name}:${secret}@${host.includes(':') ? `[${host}]` : host}:${port}/${path}`;
}

/** A text of a program that knows the password, without it and other secrets. */
export function withoutPassword(text: string, { password }: Pick<Address, 'password'>): string {
  return redactText(password === '' ? text : text.replaceAll(password, REDACTED));
}

function sslModeIn(text: string | null | undefined): SslMode | undefined {
  // Both try what the server offers, which is what programs do unasked.
  if (text === null || text === undefined || text === 'prefer' || text === 'allow') return undefined;
  const found = SSL_MODES.find((mode) => mode === text);
  if (found !== undefined) return found;
  throw new UsageError('the sslmode in the address of the database is none', {
    next: `Choose one of ${SSL_MODES.join(', ')}.`,
  });
}

function hostOf({ hostname }: URL): string {
  return hostname === NO_HOST ? '' : decoded(hostname.replace(/^\[|\]$/g, ''), 'host');
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
export function clientConfig({ sslmode, ...address }: Address): ClientConfig {
  if (sslmode === undefined || sslmode === 'disable') return address;
  return { ...address, ssl: { rejectUnauthorized: sslmode !== 'require' } };
}

/** An address as programs take it in their environment, where no list of processes shows it. */
export function clientEnv({
  host,
  port,
  user,
  password,
  database,
  sslmode,
}: Address): Readonly<Record<string, string>> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '10',
    ...(sslmode === undefined ? {} : { PGSSLMODE: sslmode }),
  };
}
