import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { run } from '#harness/process/run.ts';
import { obtainCached } from './cached.ts';
import { clientPrograms } from './clients.ts';
import { installedVersions } from './installed.ts';
import { carriedVersions, chooseVersion, obtainPrograms, serverPrograms } from './programs.ts';

const SOME = [{ version: '18.4' }, { version: '17.10' }, { version: '17.2' }];

test.each([
  [undefined, '18.4'],
  ['17', '17.10'],
  ['17.2', '17.2'],
])('%s is %s', (asked, version) => {
  expect(chooseVersion(SOME, asked)).toEqual({ version });
});

test('a version that is not there, or half of one, is refused', () => {
  for (const asked of ['1', '16', '17.1', '18.40', '']) {
    expect(() => chooseVersion(SOME, asked)).toThrow(UsageError);
  }
  expect(() => chooseVersion([], undefined)).toThrow(UnfitError);
});

test('programs are complete outside the checkout, and not made twice', { timeout: 60_000 }, async () => {
  const [newest] = await carriedVersions();
  if (newest === undefined) throw new Error('no version is installed');
  const folder = await obtainPrograms(newest);
  expect(folder).not.toContain(newest.folder);
  const { stdout } = await run([join(folder, 'bin/postgres'), '--version']);
  expect(stdout).toBe(`postgres (PostgreSQL) ${newest.version}\n`);
  const made = await stat(folder);
  expect(await obtainPrograms(newest)).toBe(folder);
  expect((await stat(folder)).ino).toBe(made.ino);
});

test('what two programs make at once is kept once, and a failure leaves nothing', async () => {
  const name = `test-${process.pid}`;
  const made: string[] = [];
  const both = Promise.withResolvers<void>();
  const make = async (folder: string): Promise<void> => {
    made.push(folder);
    await writeFile(join(folder, 'whole'), folder);
    if (made.length === 2) both.resolve();
    await both.promise;
  };
  const [one, other] = await Promise.all([obtainCached(name, make), obtainCached(name, make)]);
  expect(one).toBe(other);
  expect(made).toContain(await readFile(join(one, 'whole'), 'utf8'));
  const failed = obtainCached(`${name}-failed`, async () => {
    throw new Error('no space');
  });
  await expect(failed).rejects.toThrow('no space');
  const left = (await readdir(dirname(one))).filter((entry) => entry.startsWith(name));
  expect(left).toEqual([name]);
  await rm(one, { recursive: true });
});

test('programs that speak to a server are not older than it', async () => {
  const some = await clientPrograms(1);
  if (some === undefined) return;
  expect(await clientPrograms(some.major)).toEqual(some);
  expect((await clientPrograms(some.major + 1))?.major ?? Infinity).toBeGreaterThan(some.major);
  const { stdout } = await run([join(some.folder, 'pg_restore'), '--version']);
  expect(stdout).toContain(`(PostgreSQL) ${some.major}`);
  expect(await clientPrograms(99)).toBeUndefined();
});

test('what npm carries goes before what is installed, of which each version is whole', async () => {
  const [carried, installed, all] = await Promise.all([
    carriedVersions(),
    installedVersions(),
    serverPrograms(),
  ]);
  const majors = all.map(({ major }) => major);
  expect(majors).toEqual([...new Set(majors)].sort((left, right) => right - left));
  expect(majors).toEqual(expect.arrayContaining([...carried, ...installed].map(({ major }) => major)));
  for (const { version, folder } of installed) {
    const { stdout } = await run([join(folder, 'bin/initdb'), '--version']);
    expect(stdout).toContain(`(PostgreSQL) ${version}`);
  }
});
