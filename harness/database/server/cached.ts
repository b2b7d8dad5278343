import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCache } from './account.ts';

/** Unfinished work older than this belongs to a run that died. */
const UNFINISHED_MAX_AGE_MS = 3_600_000;
const READABLE = 0o755;

/**
 * A folder that is made once and kept outside of the checkout. It appears under its name only when it is complete; of two
 * programs that make it at the same time the first one's is kept.
 * @param make fills the folder that it is given, of which nothing outside of it may know
 */
export async function obtainCached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = await serverCache();
  const made = join(cache, name);
  if (existsSync(made)) return made;
  await mkdir(cache, { recursive: true, mode: READABLE });
  await sweepUnfinished(cache, name);
  const unfinished = await mkdtemp(join(cache, `${name}.unfinished-`));
  try {
    await make(unfinished);
    await rename(unfinished, made);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
  return made;
}

async function sweepUnfinished(cache: string, name: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(`${name}.unfinished-`)) continue;
    const path = join(cache, entry);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > UNFINISHED_MAX_AGE_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
