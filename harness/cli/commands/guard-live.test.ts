import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverRuntime } from '#harness/database/server/account.ts';
import { openClient } from '#harness/database/server/client.ts';
import { startServer } from '#harness/database/server/start.ts';
import type { Address, ScratchServer } from '#harness/database/server/types.ts';
import { cacheDir } from '#harness/process/paths.ts';
import { startChild } from '#harness/process/child.ts';
import { Program } from '../testing/program.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');

let program: Program;
let live: ScratchServer;
let address: Address;

beforeAll(async () => {
  program = new Program({ timeout_s: 90, cache: dirname(cacheDir()) });
  // As old as the pg_dump of Debian 12, which must not be older than the server.
  live = await startServer({ engine: 'embedded', version: '15', signal: new AbortController().signal });
  ({ address } = await live.create());
  await using client = await openClient(address);
  await client.query(
    `CREATE TABLE users (id int PRIMARY KEY, name text);
     INSERT INTO users SELECT n, 'name of user ' || n FROM generate_series(1, 500) AS n`,
  );
}, 60_000);

afterAll(async () => {
  await live[Symbol.asyncDispose]();
  program[Symbol.dispose]();
});

/** What has been written in a database since it was made, by the server's own count, and what its tables are. */
async function writes(): Promise<unknown> {
  await using client = await openClient(address);
  const { rows } = await client.query(
    `SELECT (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int FROM pg_stat_user_tables) AS rows,
       (SELECT string_agg(attname || atttypid::regtype, ',' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'users'::regclass AND attnum > 0) AS columns`,
  );
  return rows;
}

test('nothing is written to a live database, and nothing of its address is in any report', async () => {
  const before = await writes();
  program.write('up.sql', 'ALTER TABLE users ALTER COLUMN name TYPE varchar(8) USING name::varchar(8);\n');
  const { user, password, host, port, database } = address;
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`;
  const quick = ['--fast', '--reader', '0', '--out-dir', 'out'];
  const { code, out, err } = await program.run('guard', 'up.sql', '--copy-from', url, ...quick);
  expect(err).toContain('exit 1 (fail): values-kept: 500 values of public.users.name are cut off');
  expect(code).toBe(1);
  expect(await writes()).toEqual(before);

  const [run = ''] = await readdir(join(program.folder, 'out'));
  const folder = join('out', run);
  const files = await readdir(join(program.folder, folder));
  const texts = files.map((name) => readFile(join(program.folder, folder, name), 'utf8'));
  const rendered = ['html', 'json', 'sarif', 'markdown', 'junit'].map((format) =>
    program.run('guard', '--judge', folder, '--format', format),
  );
  const reports = (await Promise.all(rendered)).flatMap((ended) => [ended.out, ended.err]);
  const all = [out, err, ...(await Promise.all(texts)), ...reports].join('\n');
  expect(all).toContain(`${host}:${port}/${database}`);
  expect(all).not.toContain(password);
  expect(all).not.toMatch(/postgres(ql)?:\/\//);
}, 120_000);

/** Folders of servers that belong to a process. */
async function serversOf(pid: number): Promise<readonly string[]> {
  const runtime = await serverRuntime();
  const found: string[] = [];
  for (const name of await readdir(runtime)) {
    const owner = await readFile(join(runtime, name, 'owner.json'), 'utf8').catch(() => '');
    if (new RegExp(`\\b${pid}\\b`).test(owner)) found.push(name);
  }
  return found;
}

test('Ctrl-C ends it with 130 and leaves no server', { timeout: 120_000 }, async () => {
  program.write('slow.sql', 'SELECT pg_sleep(60);\n');
  const args = ['--schema', program.write('schema.sql', 'CREATE TABLE a (id int PRIMARY KEY);\n')];
  await using child = startChild(
    [process.execPath, MAIN, 'guard', 'slow.sql', ...args, '--rows', '10', '--fast', '--no-lint'],
    { cwd: program.folder, env: { XDG_STATE_HOME: join(program.folder, 'state') } },
  );
  const lines: string[] = [];
  const running = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (line.includes('alone: running it')) running.resolve();
  });
  await Promise.race([running.promise, child.exited]);
  expect(await serversOf(child.pid)).toHaveLength(1);
  child.kill('SIGINT');
  expect(await child.exited).toMatchObject({ exit_code: 130 });
  expect(lines.at(-1)).toMatch(/^exit 130 \(interrupted\)/);
  expect(await serversOf(child.pid)).toEqual([]);
});
