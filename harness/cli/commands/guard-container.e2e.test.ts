import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildTestImage, guardsOwn } from '#harness/database/testing/image.ts';
import { bundleApp, nodeBinary } from '#harness/images/bundle.ts';
import { LOCKS } from '#harness/images/places.ts';
import { startChild } from '#harness/process/child.ts';
import { cacheDir } from '#harness/process/paths.ts';
import {
  checksOf,
  guardedProgram,
  QUICK,
  releaseLogs,
  RELEASES_CHECKED,
  PASSWORD_REMOVED,
} from '../testing/guarded.ts';
import type { Program } from '../testing/program.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const RELEASE = `localhost/mettle-test/release:${process.pid}`;
/** Found by its name and the number in its tag, as an official one would be. */
const POSTGRES = `localhost/mettle-test/postgres:15-of-${process.pid}`;
/** Longest time until nothing of a killed run is left. */
const GONE_MS = 15_000;

const held = new AsyncDisposableStack();
let program: Program;

beforeAll(async () => {
  program = guardedProgram();
  program.write('slow.sql', 'SELECT pg_sleep(20);\n');
  const { path } = await nodeBinary();
  const bundle = await bundleApp('harness/database/workload/testing/release-program.ts');
  held.use(
    await buildTestImage({
      ref: RELEASE,
      rootfs: 'node-runtime',
      files: {
        node: { from: path },
        ...Object.fromEntries(Object.entries(bundle).map(([name, text]) => [name, { text }])),
      },
      dockerfile: [
        'COPY node /usr/local/bin/node',
        'COPY main.mjs /app/main.mjs',
        'USER 65532:65532',
        'ENTRYPOINT ["/usr/local/bin/node", "/app/main.mjs"]',
      ],
    }),
  );
  held.use(
    await buildTestImage({
      ref: POSTGRES,
      rootfs: 'postgres',
      files: { passwd: { from: join(LOCKS, 'postgres/passwd') } },
      dockerfile: ['COPY passwd /etc/passwd', 'USER 65532'],
    }),
  );
});

afterAll(async () => {
  await held.disposeAsync();
  program[Symbol.dispose]();
});

const IMAGES = ['--old', 'users.http', '--old-image', RELEASE, '--env', 'HOST=0.0.0.0'];

test('an image works as the old release on an embedded server, and nothing of it is left', async () => {
  const both = [...IMAGES, '--new', 'users.http', '--new-image', RELEASE, '--new-port', '3000'];
  const ended = await program.run('guard', 'add.sql', ...QUICK, '--format', 'json', ...both);
  expect(ended.err).toMatch(/exit 0 \(pass\)/);
  expect(checksOf(ended, 'pass')).toEqual(expect.arrayContaining([...RELEASES_CHECKED]));
  for (const log of releaseLogs(program)) expect(log).toMatch(PASSWORD_REMOVED);
  expect(await guardsOwn()).toEqual([]);
});

test('an image works on a server in a container, whose version is in the verdict', async () => {
  const engine = ['--engine', 'container', '--postgres', '15', '--format', 'json'];
  const ended = await program.run('guard', 'add.sql', ...QUICK, ...engine, ...IMAGES);
  expect(ended.err).toMatch(/exit 0 \(pass\)/);
  expect(JSON.parse(ended.out).server).toMatchObject({
    engine: 'testcontainers',
    version: expect.stringMatching(/^15\.\d+$/),
  });
  expect(await guardsOwn()).toEqual([]);
});

test('an image that ends at once, or is not there, is told with its last words', async () => {
  const absent = [...IMAGES, '--old-image', 'localhost/mettle-test/absent:1', '--format', 'json'];
  const ended = await program.run('guard', 'add.sql', ...QUICK, ...absent);
  expect(ended.code).toBe(2);
  expect(ended.out).toMatch(/the release localhost\/mettle-test\/absent:1 does not start/);
  const wrong = [...IMAGES, '--env', 'NODE_OPTIONS=--no-such-option'];
  const failed = await program.run('guard', 'add.sql', ...QUICK, '--format', 'json', ...wrong);
  expect(failed.code).toBe(2);
  expect(failed.out).toMatch(/exited with 9 before it served on port 8080; it wrote:/);
  expect(await guardsOwn()).toEqual([]);
});

test('a guard that is killed leaves neither container nor network', async () => {
  const args = ['guard', 'slow.sql', ...QUICK, ...IMAGES];
  await using child = startChild([process.execPath, MAIN, ...args], {
    cwd: program.folder,
    env: { XDG_CACHE_HOME: dirname(cacheDir()), XDG_STATE_HOME: join(program.folder, 'state') },
  });
  child.stdout.resume();
  child.stderr.resume();
  // It runs alone first.
  await expect.poll(guardsOwn, { timeout: 150_000, interval: 200 }).toHaveLength(2);
  child.kill('SIGKILL');
  await child.exited;
  await expect.poll(guardsOwn, { timeout: GONE_MS, interval: 200 }).toEqual([]);
});
