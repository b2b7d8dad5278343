import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { REDACTED, redactText } from '#harness/core/redact.ts';
import type { Address, SslMode } from './types.ts';

const SSL_MODES: readonly SslMode[] = ['disable', 'require', 'verify-ca', 'verify-full'];
const USER_WITHOUT_HOST = /^postgres(?:ql)?:\/\/[^/]*@(?=[/?]|$)/;
/** Read from the text itself: to the standard of URLs `.` and `..` are steps, and here they are names of databases. */
const PARTS = /^[^:]+:\/\/(?<authority>[^/?]*)(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/s;
const NO_HOST = 'none.invalid';
const DEFAULT_PORT = 5432;
const PORT_MAX = 65_535;
/** Of libpq: they say by another way than this text where one connects, or with which password. */
const ELSEWHERE: ReadonlySet<string> = new Set(['hostaddr', 'service', 'servicefile', 'passfile']);
const NEXT = 'Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.';

/**
 * Reads `postgres://user:password@host:port/database`. As psql does, a part that stands in the query goes before the one in
 * its place, and one that is absent is taken from `PGUSER`, `PGPASSWORD` and the like.
 * @throws UsageError that says what is wrong and repeats nothing of the text, which may hold a password
 */
export function parseAddress(url: string, env: Readonly<NodeJS.ProcessEnv> = process.env): Address {
  // libpq allows a user without a host, and the standard of URLs does not.
  const hosted = url.replace(USER_WITHOUT_HOST, `$&${NO_HOST}`);
  const { path = '', query = '' } = partsOf(hosted);
  const parsed = URL.canParse(hosted) ? new URL(hosted) : undefined;
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new UsageError('the address of the database cannot be read', { next: NEXT });
  }
  const asked = parametersOf(query);
  const user = asked('user') || decoded(parsed.username, 'user') || env['PGUSER'];
  const database = asked('dbname') || decoded(path, 'database') || env['PGDATABASE'] || user;
  if (!user || !database) {
    throw new UsageError(`the address of the database names no ${user ? 'database' : 'user'}`, {
      next: NEXT,
    });
  }
  const sslmode = sslModeIn(asked('sslmode') ?? env['PGSSLMODE']);
  const sslrootcert = asked('sslrootcert') || env['PGSSLROOTCERT'];
  return {
    // A folder of sockets can stand in the query alone.
    host: (asked('host') ?? hostOf(parsed)) || env['PGHOST'] || '127.0.0.1',
    port: portIn(asked('port') || parsed.port || env['PGPORT'] || String(DEFAULT_PORT)),
    user,
    password: (asked('password') ?? decoded(parsed.password, 'password')) || (env['PGPASSWORD'] ?? ''),
    database,
    ...(sslmode === undefined ? {} : { sslmode }),
    ...(sslrootcert ? { sslrootcert } : {}),
  };
}

/** A sign in a password that ends it would make of its beginning a host and a port, which would be told and contacted. */
function partsOf(url: string): Readonly<Record<string, string | undefined>> {
  const parts = PARTS.exec(url)?.groups ?? {};
  const { authority = '', path = '', query = '' } = parts;
  if (url.includes('#') || authority.split('@').length > 2 || `${path}${query}`.includes('@')) {
    throw new UsageError(
      'the address of the database has a sign in it that must be percent-encoded: #, or an @, / or ? of a password',
      { next: 'Write %23 for #, %40 for @, %2F for / and %3F for ?, or give the password in PGPASSWORD.' },
    );
  }
  return parts;
}

/** What stands in the query, the last one of a name; a plus is a plus to libpq. */
function parametersOf(query: string): (name: string) => string | undefined {
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    if (at === -1) continue;
    const name = pair.slice(0, at);
    if (ELSEWHERE.has(name)) {
      throw new UsageError(
        `the address of the database has the parameter ${name}, which is not followed here`,
        {
          next: 'Name host, port, user and database in the address, and give the password there or in PGPASSWORD.',
        },
      );
    }
    found.set(name, pair.slice(at + 1));
  }
  return (name) => {
    const value = found.get(name);
    return value === undefined ? undefined : decoded(value, name);
  };
}

function portIn(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return port;
  throw new UsageError('the port of the database is none', {
    next: `Give a number from 1 to ${PORT_MAX} in the address or in PGPORT.`,
  });
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

function sslModeIn(text: string | undefined): SslMode | undefined {
  // Both try what the server offers, which is what programs do unasked.
  if (text === undefined || text === 'prefer' || text === 'allow') return undefined;
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

/**
 * An address as the client library takes it.
 * @throws UsageError when the file of trusted certificates cannot be read
 */
export function clientConfig({ sslmode, sslrootcert, ...address }: Address): ClientConfig {
  if (sslmode === undefined || sslmode === 'disable') return address;
  // So does libpq: who names whom to trust wants the certificate looked at.
  const is_verified = sslmode !== 'require' || sslrootcert !== undefined;
  return {
    ...address,
    ssl: {
      rejectUnauthorized: is_verified,
      ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: certificates(sslrootcert) }),
      // Signed by whom it should be, for whatever name.
      ...(sslmode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    },
  };
}

function certificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`the certificates that sslrootcert names cannot be read: ${messageOf(error)}`, {
      next: 'Name a file of certificates in PEM, or leave sslrootcert out.',
      cause: error,
    });
  }
}

/** An address as programs take it in their environment, where no list of processes shows it. */
export function clientEnv({
  host,
  port,
  user,
  password,
  database,
  sslmode,
  sslrootcert,
}: Address): Readonly<Record<string, string>> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '10',
    ...(sslmode === undefined ? {} : { PGSSLMODE: sslmode }),
    ...(sslrootcert === undefined ? {} : { PGSSLROOTCERT: sslrootcert }),
  };
}
