import { createServer } from 'node:net';
import { once } from 'node:events';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { openClient } from './client.ts';
import { lackOf, missingExtension } from './refusals.ts';
import { startSmallServer } from '../testing/small-server.ts';
import type { Address, ScratchDatabase, ScratchServer } from './types.ts';

const SECRET = 'hunter2';

async function refusal(address: Address): Promise<UnfitError> {
  const thrown: unknown = await openClient(address).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof UnfitError)) throw new Error(`it was not refused: ${messageOf(thrown)}`);
  expect(`${thrown.message} ${thrown.next}`).not.toContain(SECRET);
  return thrown;
}

const nowhere = { host: '127.0.0.1', port: 1, user: 'app', password: SECRET, database: 'shop' };

test('a server that is not there is named, with what can be done', async () => {
  const port = await getPort();
  const { message, next } = await refusal({ ...nowhere, port });
  expect(message).toBe(`the database 127.0.0.1:${port}/shop cannot be reached: nobody listens there`);
  expect(next).toContain('host and port');
  expect((await refusal({ ...nowhere, host: 'no.such.host.invalid' })).message).toMatch(
    /the host has no address|the name server does not answer/,
  );
  expect((await refusal({ ...nowhere, host: '/no/such/folder' })).message).toContain('no such socket');
});

test('what is no server of PostgreSQL is told too', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  await expect(refusal({ ...nowhere, port })).resolves.toMatchObject({
    message: expect.stringContaining(`the database 127.0.0.1:${port}/shop cannot be reached`),
  });
  server.close();
});

describe('what a server lacks', () => {
  let server: ScratchServer;
  let database: ScratchDatabase;
  beforeAll(async () => {
    server = await startSmallServer();
    database = await server.create();
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test('a database, a user', async () => {
    expect((await refusal({ ...database.address, database: 'shop' })).message).toMatch(
      /^the database 127\.0\.0\.1:\d+\/shop cannot be reached: there is no such database on it$/,
    );
    const { message } = await refusal({ ...database.address, user: 'nobody', password: SECRET });
    expect(message).toContain('user or password is wrong');
  });

  test('an extension is named; one that is there can be made', async () => {
    await using client = await openClient(database.address);
    await client.query('CREATE EXTENSION pgcrypto');
    await client.query('CREATE EXTENSION pg_trgm');
    const error: unknown = await client.query('CREATE EXTENSION postgis').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const lack = lackOf(error, 'the migration 7');
    expect(lack?.message).toBe(
      'the migration 7 needs the extension postgis, which this PostgreSQL does not have',
    );
    expect(lack?.next).toContain('postgis');
  });

  test('another error is none of these', async () => {
    await using client = await openClient(database.address);
    const error: unknown = await client.query('SELECT * FROM nothing').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(lackOf(error, 'it')).toBeUndefined();
    expect(lackOf(new Error('no answer'), 'it')).toBeUndefined();
  });
});

test('older servers name a missing extension by its file', () => {
  const message =
    'could not open extension control file "/usr/share/postgresql/14/extension/vector.control": No such file or directory';
  expect(missingExtension({ code: '58P01', message })).toBe('vector');
  expect(missingExtension({ code: '42P01', message })).toBeUndefined();
});
