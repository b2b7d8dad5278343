import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { serverRuntimes, smallServerRuntime } from './account.ts';
import { openClient, type OwnClient } from './client.ts';
import { makeServerFolder } from './folder.ts';
import { startServer } from './start.ts';
import { workingIn } from './testing/left.ts';
import type { ScratchDatabase, ScratchServer } from './types.ts';
import { availableVersions } from './versions.ts';

const { signal } = new AbortController();
const RUNTIMES = await serverRuntimes();
const HOLD = fileURLToPath(new URL('testing/hold-server.ts', import.meta.url));

async function one<T>(client: OwnClient, query: string): Promise<T | undefined> {
  const { rows } = await client.query<{ value: T }>(query);
  return rows[0]?.value;
}

async function dataOf({ address }: ScratchDatabase): Promise<string> {
  await using client = await openClient(address);
  return (await one<string>(client, `SELECT current_setting('data_directory') AS value`)) ?? '';
}

/** Segments of shared memory that nobody is attached to. */
function orphanedSegments(): readonly string[] {
  const lines = execFileSync('ipcs', ['--shmems'], { encoding: 'utf8' }).split('\n');
  const columns = lines.map((line) => line.trim().split(/\s+/));
  return columns
    .filter(([key, , , , , attached]) => key?.startsWith('0x') && attached === '0')
    .map((line) => line.join(' '));
}

test.each([
  [true, 4096],
  [false, 1],
])(
  'with programs of others among its clients: %s, its password takes %i rounds',
  async (foreign_clients, rounds) => {
    await using server = await startServer({ engine: 'embedded', small: true, foreign_clients, signal });
    await using database = await server.create();
    await using client = await openClient(database.address);
    const kept = await one<string>(
      client,
      `SELECT rolpassword AS value FROM pg_authid WHERE rolname = 'postgres'`,
    );
    expect(kept).toMatch(new RegExp(`^SCRAM-SHA-256\\$${rounds}:`));
  },
);

describe('a server of npm', () => {
  let server: ScratchServer;
  beforeAll(async () => {
    server = await startServer({ engine: 'embedded', signal });
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test('is the newest version, unless another one is asked for', async () => {
    const versions = await availableVersions();
    expect(versions.map(({ version }) => version.split('.')[0])).toEqual(['18', '17', '16', '15', '14']);
    expect(server.version).toBe(versions[0]?.version);
    expect(server.version_num).toBe(
      Number.parseInt(server.version, 10) * 10_000 + Number(server.version.split('.')[1]),
    );
  });

  test('asks for its password by network', async () => {
    await using database = await server.create();
    await expect(openClient({ ...database.address, password: 'guessed' })).rejects.toThrow(
      `the database 127.0.0.1:${database.address.port}/${database.address.database} cannot be reached: user or password is wrong`,
    );
  });

  test('keeps its data from other users of the machine', async () => {
    await using database = await server.create();
    expect((await stat(await dataOf(database))).mode & 0o077).toBe(0);
  });

  test('copies a database, and the copy is one of its own', async () => {
    await using first = await server.create();
    {
      await using client = await openClient(first.address);
      await client.query('CREATE TABLE t AS SELECT generate_series(1, 1000) AS id');
    }
    await using copy = await server.create({ template: first });
    await using in_copy = await openClient(copy.address);
    await in_copy.query('DELETE FROM t WHERE id > 10');
    expect(await one(in_copy, 'SELECT count(*)::int AS value FROM t')).toBe(10);
    await using in_first = await openClient(first.address);
    expect(await one(in_first, 'SELECT count(*)::int AS value FROM t')).toBe(1000);
  });

  test('drops a database with those who are in it', async () => {
    const database = await server.create();
    await using client = await openClient(database.address);
    await database[Symbol.asyncDispose]();
    await expect(client.query('SELECT 1')).rejects.toThrow(/terminat|closed|not queryable/);
    await expect(openClient(database.address)).rejects.toThrow('there is no such database on it');
  });

  test('loses by a crash what was not committed, and only that', async () => {
    await using database = await server.create();
    await using client = await openClient(database.address);
    await client.query('CREATE TABLE t (id int PRIMARY KEY)');
    await client.query('INSERT INTO t SELECT generate_series(1, 50000)');
    await client.query('BEGIN');
    await client.query('INSERT INTO t VALUES (0)');
    const data = await dataOf(database);
    expect((await workingIn(data)).length).toBeGreaterThan(1);
    await server.crash();
    expect(await workingIn(data)).toEqual([]);
    await expect(client.query('SELECT 1')).rejects.toThrow(/terminat|closed|not queryable/);
    await server.recover();
    await using again = await openClient(database.address);
    expect(await one(again, 'SELECT count(*)::int AS value FROM t')).toBe(50_000);
    expect(await one(again, `SELECT count(*)::int AS value FROM t WHERE id = 0`)).toBe(0);
  });
});

describe.each(['17', '16', '15', '14'])('PostgreSQL %s', (major) => {
  test('starts, makes a copy and recovers', { timeout: 120_000 }, async () => {
    await using server = await startServer({ engine: 'embedded', version: major, signal });
    expect(server.version).toMatch(new RegExp(`^${major}\\.`));
    await using first = await server.create();
    await using copy = await server.create({ template: first });
    await server.crash();
    await server.recover();
    await using client = await openClient(copy.address);
    expect(await one(client, `SELECT current_setting('server_version_num')::int AS value`)).toBe(
      server.version_num,
    );
  });
});

test('a version that is not there is named with those that are', async () => {
  const start = startServer({ engine: 'embedded', version: '9.6', signal });
  await expect(start).rejects.toThrow(UsageError);
  await expect(start).rejects.toMatchObject({ next: expect.stringContaining('18.') });
});

describe('nothing is left behind', () => {
  test('by a server that is given back, crashed or not', { timeout: 60_000 }, async () => {
    const before = orphanedSegments();
    for (const crashed of [false, true]) {
      const server = await startServer({ engine: 'embedded', signal });
      const data = await dataOf(await server.create());
      if (crashed) await server.crash();
      await server[Symbol.asyncDispose]();
      expect(existsSync(dirname(data))).toBe(false);
      expect(await workingIn(data)).toEqual([]);
    }
    expect(orphanedSegments()).toEqual(before);
  });

  test('by a start that is called off', async () => {
    const stop = new AbortController();
    const reason = new Error('called off');
    const start = startServer({
      engine: 'embedded',
      signal: stop.signal,
      progress: () => {
        stop.abort(reason);
      },
    });
    await expect(start).rejects.toBe(reason);
  });

  test('by a program that is killed', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, [HOLD], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const data: string = (await lines.next()).value ?? '';
    expect((await workingIn(data)).length).toBeGreaterThan(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => existsSync(dirname(data)), { timeout: 30_000 }).toBe(false);
    expect(await workingIn(data)).toEqual([]);
  });

  test('in the folder that TMPDIR names, also where it would be in memory', async () => {
    const folder = await mkdtemp('/var/tmp/mettle-test-');
    await chmod(folder, 0o711);
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    });
    await using made = await makeServerFolder({ small: true });
    expect(dirname(made.path)).toBe(folder);
    vi.stubEnv('TMPDIR', undefined);
    expect(RUNTIMES).toContain(await smallServerRuntime());
  });

  test.for(RUNTIMES)(
    'for longer than until the next start, where its guard was killed too (%s)',
    {
      timeout: 60_000,
    },
    async (runtime) => {
      const left = join(runtime, `mettle-postgres-test-${process.pid}`);
      await mkdir(join(left, 'data'), { recursive: true });
      await writeFile(join(left, 'owner.json'), '{"pid":1,"start_time":"0","boot_id":"an earlier one"}');
      const worker = spawn('sleep', ['600'], { cwd: join(left, 'data') });
      const ended = once(worker, 'exit');
      await once(worker, 'spawn');
      const unnamed = `${left}-unnamed`;
      await mkdir(unnamed);
      await utimes(unnamed, 0, 0);
      await using _ = await makeServerFolder();
      expect(existsSync(left)).toBe(false);
      expect(existsSync(unnamed)).toBe(false);
      expect(await ended).toEqual([null, 'SIGKILL']);
    },
  );
});
