import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { LOCKS } from '#harness/images/places.ts';
import { run } from '#harness/process/run.ts';
import { fillDatabase } from '../data/fill.ts';
import { buildTestImage, guardsOwn } from '../testing/image.ts';
import { openClient } from './client.ts';
import { startServer } from './start.ts';

const { signal } = new AbortController();
const IMAGE = `localhost/mettle-test/postgres:${process.pid}`;

let image: AsyncDisposable;

beforeAll(async () => {
  image = await buildTestImage({
    ref: IMAGE,
    rootfs: 'postgres',
    files: { passwd: { from: join(LOCKS, 'postgres/passwd') } },
    dockerfile: ['COPY passwd /etc/passwd', 'USER 65532'],
  });
});
afterAll(async () => {
  await image[Symbol.asyncDispose]();
});

test('a server in a container makes copies, crashes, recovers and leaves nothing', async () => {
  {
    await using server = await startServer({ engine: 'testcontainers', image: IMAGE, version: '15', signal });
    expect(server).toMatchObject({ engine: 'testcontainers', version: expect.stringMatching(/^15\.\d+$/) });
    const { template, facts } = await fillDatabase(
      server,
      {
        source: 'generated',
        rows: 12_000,
        seed: 1,
        makeSchema: async (address) => {
          await using client = await openClient(address);
          await client.query('CREATE TABLE t (id int PRIMARY KEY, note text)');
        },
      },
      { signal },
    );
    expect(facts.tables).toMatchObject([{ table: 'public.t', rows: 12_000 }]);
    await using copy = await server.create({ template });
    await server.crash();
    await expect(openClient(copy.address)).rejects.toThrow('cannot be reached');
    await server.recover();
    await using client = await openClient(copy.address);
    expect((await client.query('SELECT count(*)::int AS n FROM t')).rows).toEqual([{ n: 12_000 }]);
    expect(await guardsOwn()).toHaveLength(1);
    // Nobody but this machine reaches it.
    const { stdout } = await run(['docker', 'ps', '--filter', `ancestor=${IMAGE}`, '--format', '{{.Ports}}']);
    expect(stdout.trim()).toBe(`127.0.0.1:${copy.address.port}->5432/tcp`);
  }
  expect(await guardsOwn()).toEqual([]);
});

test('an image of another version is refused, and so is one that is not there', async () => {
  const other = startServer({ engine: 'testcontainers', image: IMAGE, version: '16', signal });
  await expect(other).rejects.toThrow(UnfitError);
  await expect(other).rejects.toThrow(/holds PostgreSQL 15\.\d+, not 16/);
  await expect(startServer({ engine: 'testcontainers', image: 'postgres:none', signal })).rejects.toThrow(
    'there is no image postgres:none on this machine',
  );
  expect(await guardsOwn()).toEqual([]);
});

test('what a dead program left is removed by the next start', async () => {
  const owner = JSON.stringify({ pid: 1, start_time: '0', boot_id: 'an earlier one' });
  const left = `mettle-postgres-left-${process.pid}`;
  await run([
    'docker',
    'create',
    '--name',
    left,
    '--label',
    `mettle.guard.owner=${owner}`,
    IMAGE,
    '/bin/true',
  ]);
  await using _ = await startServer({ engine: 'testcontainers', image: IMAGE, signal });
  const { stdout } = await run(['docker', 'ps', '--all', '--filter', `name=${left}`, '--quiet']);
  expect(stdout).toBe('');
});
