import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverRuntimes } from '#harness/database/server/account.ts';
import { openClient } from '#harness/database/server/client.ts';
import { startSmallServer } from '#harness/database/testing/small-server.ts';
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
  live = await startSmallServer('15');
  ({ address } = await live.create());
  await using client = await openClient(address);
  await client.query(
    `CREATE TABLE users (id int PRIMARY KEY, name text);
     INSERT INTO users SELECT n, 'name of user ' || n FROM generate_series(1, 500) AS n;
     ALTER DATABASE ${address.database} SET timezone = 'Asia/Tokyo'`,
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
  expect(out).toContain('(embedded, Asia/Tokyo)');
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

test('made-up rows are spread as the statistics of a live database say, of which no row is read', async () => {
  {
    await using client = await openClient(address);
    await client.query('VACUUM (ANALYZE) users');
  }
  const before = await writes();
  const schema = program.write('like.sql', 'CREATE TABLE users (id int PRIMARY KEY, name text, age int);\n');
  program.write('age.sql', 'ALTER TABLE users DROP COLUMN age;\n');
  const { user, password, host, port, database } = address;
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`;
  const rows = ['--rows', '200', '--like', url, '--schema', schema];
  const quick = ['--fast', '--reader', '0', '--no-lint', '--out-dir', 'like', '--format', 'json'];
  const ended = await program.run('guard', 'age.sql', ...rows, ...quick);
  expect(ended.code).toBe(1);
  // The live table has 500 rows: what is extrapolated is extrapolated to that.
  expect(JSON.parse(ended.out).data).toMatchObject({
    source: 'generated',
    tables: [{ table: 'public.users', rows: 200 }],
    real_rows: { 'public.users': 500 },
  });
  expect(`${ended.out}${ended.err}`).not.toContain(password);
  expect(await writes()).toEqual(before);
  const alone = await program.run('guard', 'age.sql', '--like', url);
  expect(alone.err).toMatch(/--like says how rows are made up, and none are/);
  expect(alone.code).toBe(64);
}, 120_000);

test('one schema is copied by an account that may read no other, and nothing of it is by an argument', async () => {
  await using client = await openClient(address);
  await client.query(
    `CREATE SCHEMA own; CREATE TABLE own.items (id int PRIMARY KEY, name text);
     INSERT INTO own.items SELECT n, 'item ' || n FROM generate_series(1, 200) AS n;
     CREATE SCHEMA closed; CREATE TABLE closed.secrets (id int);
     CREATE ROLE reader LOGIN PASSWORD 'only-reads'; GRANT USAGE ON SCHEMA own TO reader;
     GRANT SELECT ON ALL TABLES IN SCHEMA own TO reader`,
  );
  program.write('items.sql', 'ALTER TABLE own.items ADD COLUMN size int;\n');
  const { host, port, database } = address;
  const given = ['items.sql', '--copy-from', `postgres://${host}:${port}/${database}`];
  const quick = ['--fast', '--no-lint', '--reader', '0', '--out-dir', 'own'];
  const env = { PGUSER: 'reader', PGPASSWORD: 'only-reads' };
  const whole = await program.runIn(env, 'guard', ...given, ...quick);
  expect([whole.code, whole.err]).toEqual([3, expect.stringContaining('permission denied')]);
  const own = await program.runIn(env, 'guard', ...given, '--copy-schema', 'own', ...quick);
  expect([own.err, own.out]).toEqual([
    expect.stringContaining('exit 0 (pass)'),
    expect.stringContaining('200 rows in 1 table'),
  ]);
  expect(own.out).toContain('200 rows in 1 table');
  expect(whole.err + own.out + own.err).not.toContain('only-reads');
}, 120_000);

test('a schema is copied from a database alone', async () => {
  const { code, err } = await program.run('guard', 'up.sql', '--rows', '10', '--copy-schema', 'own');
  expect([code, err]).toEqual([64, expect.stringContaining('--copy-schema needs a database')]);
});

/** Folders of servers that belong to a process. */
async function serversOf(pid: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (const runtime of await serverRuntimes()) {
    for (const name of await readdir(runtime)) {
      const owner = await readFile(join(runtime, name, 'owner.json'), 'utf8').catch(() => '');
      if (new RegExp(`\\b${pid}\\b`).test(owner)) found.push(name);
    }
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
