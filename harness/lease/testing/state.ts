import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';
import { isAlive } from '../owner.ts';
import { notedWardens } from '../warden-record.ts';

const WARDENS_END_WITHIN_MS = 10_000;

/** Wardens of programs that a test has ended write to its folder until they have ended as well. */
async function wardensHaveEnded(): Promise<void> {
  const others = (await notedWardens()).filter(({ owner }) => owner.pid !== process.pid);
  const deadline = Date.now() + WARDENS_END_WITHIN_MS;
  for (const { owner, warden } of others) {
    while (await isAlive(warden)) {
      if (Date.now() > deadline) throw new Error(`The warden ${warden.pid} of ${owner.pid} does not end`);
      await delay(50);
    }
  }
}

/** Gives each test of a file a state folder of its own. */
export function useFreshState(): void {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-state-'));
    vi.stubEnv('XDG_STATE_HOME', folder);
  });
  afterEach(async () => {
    await wardensHaveEnded();
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
}
