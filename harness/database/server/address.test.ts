import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { REDACTED, redactText } from '#harness/core/redact.ts';
import { clientConfig, clientEnv, nameOf, parseAddress } from './address.ts';
import type { Address } from './types.ts';

const text = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((one) => !one.includes('\0'));

test('an address comes back as it was written', () => {
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 1, max: 65_535 }), (user, password, database, port) => {
      const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@db.example.org:${port}/${encodeURIComponent(database)}`;
      expect(parseAddress(url, {})).toEqual({ host: 'db.example.org', port, user, password, database });
    }),
    {
      examples: [
        ['a', 'b', '.', 1],
        ['.', '..', '..', 2],
      ],
      numRuns: 1000,
    },
  );
});

test('what is absent is taken from the environment, as psql does', () => {
  const env = { PGUSER: 'app', PGPASSWORD: 'secret', PGHOST: '10.0.0.7', PGPORT: '6432', PGDATABASE: 'shop' };
  expect(parseAddress('postgres://', env)).toEqual({
    host: '10.0.0.7',
    port: 6432,
    user: 'app',
    password: 'secret',
    database: 'shop',
  });
  expect(parseAddress('postgresql://app@db/', {})).toMatchObject({ database: 'app', port: 5432 });
});

test('a folder of sockets, an address of IPv6 and a way to encrypt are understood', () => {
  expect(parseAddress('postgres://app@/shop?host=/run/postgresql', {}).host).toBe('/run/postgresql');
  expect(parseAddress('postgres://app@[::1]:5433/shop', {}).host).toBe('::1');
  const required = parseAddress('postgres://app@db/shop?sslmode=require', {});
  expect(clientConfig(required)).toMatchObject({ ssl: { rejectUnauthorized: false } });
  expect(clientEnv(required)).toMatchObject({ PGSSLMODE: 'require' });
  expect(clientConfig(parseAddress('postgres://app@db/shop?sslmode=verify-full', {}))).toMatchObject({
    ssl: { rejectUnauthorized: true },
  });
  expect(clientConfig(parseAddress('postgres://app@db/shop?sslmode=prefer', {}))).not.toHaveProperty('ssl');
});

test.each([
  ['mysql://app:hunter2@db/shop', 'cannot be read'],
  ['app:hunter2@db/shop', 'cannot be read'],
  ['postgres://app:hunter2%ZZ@db/shop', 'not percent-encoded'],
  ['postgres://app:hunter2@db/shop?sslmode=hunter2', 'sslmode'],
  ['postgres://app:12#hunter2@db/shop', 'percent-encoded'],
  ['postgres://app:12/hunter2@db/shop', 'percent-encoded'],
  ['postgres://app:12?hunter2@db/shop', 'percent-encoded'],
  ['postgres://app:12?a=hunter2@db/shop', 'percent-encoded'],
  ['postgres://app:12@hunter2@db/shop', 'percent-encoded'],
  ['postgres://app:12@hunter2/34@db/shop', 'percent-encoded'],
  ['postgres://app@db/shop?password=hunter2%ZZ', 'the password in the address'],
  ['postgres://app:hunter2@db/shop?port=99999', 'the port'],
  ['postgres://app@db/shop?hostaddr=hunter2', 'hostaddr'],
  ['postgres://app@db/shop?service=hunter2', 'service'],
  ['postgres://app@db/shop?passfile=hunter2', 'passfile'],
])('%s is refused, and its password is not repeated', (url, message) => {
  const refused = (() => {
    try {
      parseAddress(url, { PGUSER: 'reader' });
      return undefined;
    } catch (error) {
      return error;
    }
  })();
  if (!(refused instanceof UsageError)) throw new Error('it was not refused');
  expect(refused.message).toContain(message);
  expect(`${refused.message} ${refused.next}`).not.toContain('hunter2');
});

test('a name holds neither user nor password', () => {
  expect(nameOf(parseAddress('postgres://app:hunter2@db:6000/shop', {}))).toBe('db:6000/shop');
});

test('an address without a user is refused', () => {
  expect(() => parseAddress('postgres://:hunter2@db/shop', {})).toThrow(/names no user$/);
});

/** Undefined where it is refused as it must be. */
function readOrRefused(url: string): Address | undefined {
  try {
    return parseAddress(url, { PGUSER: 'reader' });
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

test('no sign of a password that is not encoded makes another host of it', () => {
  const password = fc
    .array(fc.constantFrom('@', '/', '?', '#', ':', '=', '&', '1', 'a'), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(password, (raw) => {
      const url = `postgres://app:${raw}@db/shop`;
      const found = readOrRefused(url);
      expect(found === undefined || (found.host === 'db' && found.password === raw)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('what stands in the query goes before the rest, as in libpq', () => {
  const url =
    'postgres://a:b@c:1/d?user=app&password=a%26b+c&host=db&port=6543&dbname=shop&application_name=x&connect_timeout=3&user=last';
  expect(parseAddress(url, {})).toEqual({
    host: 'db',
    port: 6543,
    user: 'last',
    password: 'a&b+c',
    database: 'shop',
  });
});

test('certificates that are trusted reach the client and programs', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'mettle-address-'));
  const file = join(folder.path, 'root.crt');
  await writeFile(file, 'PEM');
  const given = (sslmode: string): Address =>
    parseAddress(`postgres://app@db/shop?sslmode=${sslmode}&sslrootcert=${encodeURIComponent(file)}`, {});
  expect(clientConfig(given('verify-full'))).toEqual({
    host: 'db',
    port: 5432,
    user: 'app',
    password: '',
    database: 'shop',
    ssl: { rejectUnauthorized: true, ca: 'PEM' },
  });
  for (const sslmode of ['verify-ca', 'require']) {
    expect(clientConfig(given(sslmode))).toMatchObject({
      ssl: { rejectUnauthorized: true, ca: 'PEM', checkServerIdentity: expect.any(Function) },
    });
  }
  expect(clientEnv(given('verify-full'))).toMatchObject({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: file });
  const absent = parseAddress('postgres://app@db/shop?sslmode=verify-full', {
    PGSSLROOTCERT: '/no/root.crt',
  });
  expect(() => clientConfig(absent)).toThrow(UsageError);
});

test('a password in the query is shown nowhere', () => {
  expect(redactText('postgres://app@db/shop?user=app&password=hunter2,hunter2&port=1')).toBe(
    `postgres://app@db/shop?user=app&password=${REDACTED}&port=1`,
  );
});
