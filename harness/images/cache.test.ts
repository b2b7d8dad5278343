import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exclusively, expectedSeconds, obtain, present, pruneCache, timed } from './cache.ts';
import { shelf } from './places.ts';

const quiet = { progress: () => undefined };
let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mettle-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

test('an entry is made once and then taken', async () => {
  let made = 0;
  const make = async (path: string) => {
    made += 1;
    await writeFile(path, 'content');
  };
  const first = await obtain('images', 'a-1.tar', make, quiet);
  const second = await obtain('images', 'a-1.tar', make, quiet);
  expect(first).toBe(second);
  expect(await readFile(first, 'utf8')).toBe('content');
  expect(made).toBe(1);
});

test('work that fails half-way leaves no entry and can be done again', async () => {
  const failing = obtain(
    'bin',
    'a-1',
    async (path) => {
      await mkdir(path);
      await writeFile(join(path, 'half'), '');
      throw new Error('out of disk');
    },
    quiet,
  );
  await expect(failing).rejects.toThrow('out of disk');
  expect(await present('bin', 'a-1')).toBeUndefined();
  expect(await readdir(shelf('bin'))).toEqual([]);
  await obtain('bin', 'a-1', (path) => writeFile(path, ''), quiet);
  expect(await present('bin', 'a-1')).toBeDefined();
});

test('while an entry is being made it is not present', async () => {
  const seen: unknown[] = [];
  await obtain(
    'bin',
    'a-1',
    async (path) => {
      await writeFile(path, '');
      seen.push(await present('bin', 'a-1'));
    },
    quiet,
  );
  expect(seen).toEqual([undefined]);
});

test('two at the same time make an entry once, and the second says what it waits for', async () => {
  let made = 0;
  const lines: string[] = [];
  const make = async (path: string) => {
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writeFile(path, '');
  };
  const options = { progress: (line: string) => lines.push(line) };
  await Promise.all([obtain('bin', 'a-1', make, options), obtain('bin', 'a-1', make, options)]);
  expect(made).toBe(1);
  expect(lines).toEqual(['waiting for another run that makes bin-a-1']);
});

test('the lock of a run that died is taken over', async () => {
  const lock = join(home, 'mettle/locks/bin-a-1.lock');
  await mkdir(lock, { recursive: true });
  const long_ago = new Date(Date.now() - 60_000);
  await utimes(lock, long_ago, long_ago);
  await expect(exclusively('bin-a-1', quiet, async () => 'done')).resolves.toBe('done');
});

test('waiting for a lock ends with the signal', async () => {
  const stop = new AbortController();
  const held = exclusively('x', quiet, () => new Promise((resolve) => setTimeout(resolve, 1500)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const waiting = exclusively('x', { ...quiet, signal: stop.signal }, async () => 'never');
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await held;
});

test('prune keeps what is named and what may be under way, and takes the rest', async () => {
  for (const name of ['a-1', 'a-2', '.unfinished-a-3-77', '.unfinished-a-4-78']) {
    await mkdir(join(shelf('bin'), name), { recursive: true });
  }
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(join(shelf('bin'), '.unfinished-a-4-78'), yesterday, yesterday);
  const none = new Set<string>();
  const keep = { bin: new Set(['a-1']), rootfs: none, images: none, tools: none };
  const expected = ['bin/.unfinished-a-4-78', 'bin/a-2'];
  expect([...(await pruneCache(keep, true))].sort()).toEqual(expected);
  expect(await readdir(shelf('bin'))).toHaveLength(4);
  expect([...(await pruneCache(keep, false))].sort()).toEqual(expected);
  expect((await readdir(shelf('bin'))).sort()).toEqual(['.unfinished-a-3-77', 'a-1']);
});

test('the time that work took is the next estimate', async () => {
  expect(await expectedSeconds('work', 40)).toBe(40);
  await timed(
    'work',
    40,
    () => undefined,
    () => new Promise((resolve) => setTimeout(resolve, 150)),
  );
  expect(await expectedSeconds('work', 40)).toBeLessThan(5);
});
