import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { clientConfig, clientEnv, nameOf, parseAddress } from './address.ts';

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
  ['postgres://:hunter2@db/shop', 'names no user'],
  ['postgres://app:hunter2%ZZ@db/shop', 'not percent-encoded'],
  ['postgres://app:hunter2@db/shop?sslmode=hunter2', 'sslmode'],
])('%s is refused, and its password is not repeated', (url, message) => {
  const refused = (() => {
    try {
      parseAddress(url, {});
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
