import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { stateFolder } from '#harness/process/paths.ts';

/**
 * Does something while no other harness of this person on this machine does what has the same name; waits up to about
 * 15 s for the one that does. The lock of a process that died is taken over.
 * @throws Error when the lock cannot be had; whatever `act` throws
 */
export async function locked<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
  const folder = await stateFolder('locks');
  const release = await lock(folder, {
    lockfilePath: join(folder, `${name}.lock`),
    retries: { retries: 200, minTimeout: 50, maxTimeout: 100 },
  });
  try {
    return await act();
  } finally {
    await release();
  }
}
