import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import type { Progress } from '#harness/core/progress.ts';
import { cacheDir } from '#harness/process/paths.ts';
import { SHELVES, shelf } from './places.ts';
import type { Shelf } from './places.ts';

/** Unfinished work carries this prefix, so that it is never taken for an entry. */
const UNFINISHED = '.unfinished-';
/** Unfinished work older than this belongs to a run that died. */
const UNFINISHED_MAX_AGE_MS = 6 * 3_600_000;
const LOCK_STALE_MS = 15_000;
const LOCK_RETRY_MS = 500;

export interface MakeOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** Path of an entry that is complete, or undefined. */
export async function present(on: Shelf, name: string): Promise<string | undefined> {
  const path = join(shelf(on), name);
  try {
    await stat(path);
    return path;
  } catch {
    return undefined;
  }
}

/**
 * Runs work that two runs side by side must not do at the same time; the second waits and says for what.
 * The lock of a run that died is taken over after some seconds.
 */
export async function exclusively<T>(name: string, options: MakeOptions, work: () => Promise<T>): Promise<T> {
  const folder = join(cacheDir(), 'locks');
  await mkdir(folder, { recursive: true });
  let release: (() => Promise<void>) | undefined;
  for (let told = false; release === undefined; ) {
    options.signal?.throwIfAborted();
    try {
      release = await lock(join(folder, name), { realpath: false, stale: LOCK_STALE_MS });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
      if (!told) options.progress(`waiting for another run that makes ${name}`);
      told = true;
      await delay(LOCK_RETRY_MS);
    }
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * The path of an entry, which is made if it is absent. It appears under its name only when `make` is done, so a half
 * done one is never used.
 * @param make writes a file or folder at the path it is given
 */
export async function obtain(
  on: Shelf,
  name: string,
  make: (path: string) => Promise<void>,
  options: MakeOptions,
): Promise<string> {
  const found = await present(on, name);
  if (found !== undefined) return found;
  return await exclusively(`${on}-${name}`, options, async () => {
    const meanwhile = await present(on, name);
    if (meanwhile !== undefined) return meanwhile;
    await mkdir(shelf(on), { recursive: true });
    const unfinished = join(shelf(on), `${UNFINISHED}${name}-${process.pid}`);
    try {
      await make(unfinished);
      await rename(unfinished, join(shelf(on), name));
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    return join(shelf(on), name);
  });
}

/**
 * Removes the entries that `keep` does not name, and what runs that died left unfinished.
 * @param keep names of entries on each shelf
 * @param dry_run only says what would be removed
 */
export async function pruneCache(
  keep: Readonly<Record<Shelf, ReadonlySet<string>>>,
  dry_run: boolean,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const on of SHELVES) {
    for (const name of await readdir(shelf(on)).catch(() => [])) {
      const path = join(shelf(on), name);
      if (keep[on].has(name)) continue;
      if (name.startsWith(UNFINISHED)) {
        const { mtimeMs } = await stat(path);
        if (Date.now() - mtimeMs < UNFINISHED_MAX_AGE_MS) continue;
      }
      if (!dry_run) await rm(path, { recursive: true, force: true });
      removed.push(`${on}/${name}`);
    }
  }
  return removed;
}

function timeFile(work: string): string {
  return join(cacheDir(), 'seconds', work);
}

/** Remembers how long a piece of work took here, for the next estimate. */
export async function rememberSeconds(work: string, seconds: number): Promise<void> {
  await mkdir(join(cacheDir(), 'seconds'), { recursive: true });
  await writeFile(timeFile(work), `${seconds.toFixed(1)}\n`);
}

/** How long the work took here the last time, else the given estimate; in seconds. */
export async function expectedSeconds(work: string, estimate_s: number): Promise<number> {
  try {
    const seconds = Number(await readFile(timeFile(work), 'utf8'));
    return Number.isFinite(seconds) && seconds > 0 ? seconds : estimate_s;
  } catch {
    return estimate_s;
  }
}

/** Does a piece of work, says so with the time expected, and remembers the time it took. */
export async function timed<T>(
  work: string,
  estimate_s: number,
  progress: Progress,
  act: () => Promise<T>,
): Promise<T> {
  const expected_s = await expectedSeconds(work, estimate_s);
  progress(`${work} (about ${Math.ceil(expected_s)} s)`);
  const started = performance.now();
  const result = await act();
  const seconds = (performance.now() - started) / 1000;
  await rememberSeconds(work, seconds);
  progress(`${work}: done in ${seconds.toFixed(1)} s`);
  return result;
}
