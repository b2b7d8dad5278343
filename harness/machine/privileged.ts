import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '#harness/process/run.ts';

/**
 * Whether the daemon can really start a privileged container, as kind does. No image is at hand on a fresh machine
 * without a registry, so one is made of the host's own `true` and its libraries, and removed again.
 * @returns undefined when it works, else what the daemon said
 */
export async function tryPrivileged(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-probe-'));
  const image = `mettle/probe-${process.pid}:latest`;
  try {
    const { stdout } = await run(['ldd', '/bin/true']);
    const libraries = [...stdout.matchAll(/(?:^|\s)\/(\S+)/gm)].map(([, path]) => path ?? '');
    const tar = join(folder, 'probe.tar');
    await run([
      'tar',
      '--create',
      '--dereference',
      '--file',
      tar,
      '--directory',
      '/',
      'bin/true',
      ...libraries,
    ]);
    await run(['docker', 'import', '--change', 'LABEL mettle.dev/probe=privileged', tar, image], {
      timeout_s: 60,
    });
    const { exit_code, stderr } = await tryRun(
      ['docker', 'run', '--rm', '--privileged', '--network', 'none', image, '/bin/true'],
      { timeout_s: 60 },
    );
    return exit_code === 0 ? undefined : stderr.trim() || `docker run exited ${exit_code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await tryRun(['docker', 'image', 'rm', '--force', image], { timeout_s: 30 });
    await rm(folder, { recursive: true, force: true });
  }
}
