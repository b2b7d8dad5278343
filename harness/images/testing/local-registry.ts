import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import { startDetached } from '#harness/process/detached.ts';
import { findProgram } from '#harness/process/paths.ts';

/** A container registry on loopback, which Docker takes without TLS. */
export interface LocalRegistry extends AsyncDisposable {
  /** What stands in front of image names: host and port. */
  readonly address: string;
}

const START_DEADLINE_S = 15;

/**
 * Starts Debian's docker-registry on a free port of 127.0.0.1 with a storage of its own; disposing of it removes both.
 * @throws UnfitError when the program is not installed
 */
export async function startLocalRegistry(): Promise<LocalRegistry> {
  const program = findProgram('docker-registry');
  if (program === undefined) {
    throw new UnfitError('There is no docker-registry on the PATH', {
      next: 'Run: apt-get install --yes --no-install-recommends docker-registry',
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'mettle-registry-'));
  const address = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    [
      'version: 0.1',
      'log: { level: error }',
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(folder, 'data'))} } }`,
      `http: { addr: '${address}' }`,
      '',
    ].join('\n'),
  );
  const server = await startDetached([program, 'serve', config], { log_file: join(folder, 'log') });
  const stop = async () => {
    try {
      process.kill(server.pid, 'SIGTERM');
      await server.ended;
    } catch {
      // It has ended by itself.
    }
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + START_DEADLINE_S * 1000;
  for (let last = 'nothing yet'; ; ) {
    try {
      const answer = await fetch(`http://${address}/v2/`);
      if (answer.ok) return { address, [Symbol.asyncDispose]: stop };
      last = `status ${answer.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) {
      await stop();
      throw new DeadlineError('the local registry to answer', START_DEADLINE_S, last);
    }
    await delay(50);
  }
}
