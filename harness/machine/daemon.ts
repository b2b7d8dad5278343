import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { findProgram } from '#harness/process/paths.ts';
import { tryRun } from '#harness/process/run.ts';
import { RUNTIME_NAME, withRuntime } from './daemon-config.ts';

/** What a Docker daemon says of itself, as far as Mettle asks. */
export interface DaemonInfo {
  readonly version: string;
  readonly cgroup_version: string;
  readonly default_runtime: string;
  readonly storage_driver: string;
  /** Folder of images and containers on the daemon's machine. */
  readonly root: string;
}

export type DaemonAnswer =
  | { readonly state: 'answers'; readonly info: DaemonInfo }
  | { readonly state: 'silent'; readonly reason: string };

/** Where a local daemon reads its configuration. */
export const DAEMON_CONFIG = '/etc/docker/daemon.json';
/** The cache may be pruned; what the daemon needs at each start must not lie in it. */
const WRAPPER = '/usr/local/lib/mettle/runc-fit';
const POLL_MS = 250;

const INFO_FORMAT =
  '{"version":{{json .ServerVersion}},"cgroup_version":{{json .CgroupVersion}},' +
  '"default_runtime":{{json .DefaultRuntime}},"storage_driver":{{json .Driver}},"root":{{json .DockerRootDir}}}';

function text(record: object, key: string): string {
  const value: unknown = Reflect.get(record, key);
  return typeof value === 'string' ? value : '';
}

/**
 * Asks the daemon that the Docker client would use: DOCKER_HOST, the current context, or the local socket.
 * @param host address of another daemon
 */
export async function askDaemon(host?: string): Promise<DaemonAnswer> {
  if (findProgram('docker') === undefined) return { state: 'silent', reason: 'there is no docker client' };
  const docker = host === undefined ? ['docker'] : ['docker', '--host', host];
  const { stdout, stderr, exit_code } = await tryRun([...docker, 'info', '--format', INFO_FORMAT], {
    timeout_s: 30,
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(stdout);
  } catch {
    parsed = undefined;
  }
  if (exit_code === 0 && typeof parsed === 'object' && parsed !== null && text(parsed, 'version') !== '') {
    const info = {
      version: text(parsed, 'version'),
      cgroup_version: text(parsed, 'cgroup_version'),
      default_runtime: text(parsed, 'default_runtime'),
      storage_driver: text(parsed, 'storage_driver'),
      root: text(parsed, 'root'),
    };
    return { state: 'answers', info };
  }
  const lines = stderr.trim().split('\n');
  return { state: 'silent', reason: lines.at(-1) ?? `docker info exited ${exit_code}` };
}

/** Text of a file; empty when there is none. */
export async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Puts the runc wrapper in its place and registers it; what stood in `daemon.json` stays, with a copy beside it.
 * @returns true when the configuration changed, so that a running daemon has to read it again
 */
export async function registerWrapper(built: string, progress: Progress): Promise<boolean> {
  await mkdir(dirname(WRAPPER), { recursive: true });
  await copyFile(built, `${WRAPPER}.new`);
  await chmod(`${WRAPPER}.new`, 0o755);
  await rename(`${WRAPPER}.new`, WRAPPER);
  const current = await readOrEmpty(DAEMON_CONFIG);
  const next = withRuntime(current, WRAPPER);
  if (next === undefined) return false;
  progress(
    `registering ${WRAPPER} as Docker's runtime ${RUNTIME_NAME} in ${DAEMON_CONFIG}: this machine withholds ` +
      'CAP_SYS_RESOURCE, and privileged containers cannot start without the wrapper',
  );
  await mkdir(dirname(DAEMON_CONFIG), { recursive: true });
  if (current !== '') await writeFile(`${DAEMON_CONFIG}.before-mettle`, current, { flag: 'w' });
  await writeFile(`${DAEMON_CONFIG}.new`, next);
  await rename(`${DAEMON_CONFIG}.new`, DAEMON_CONFIG);
  return true;
}

/** Makes a running local daemon read `daemon.json` again: runtimes are among the settings that SIGHUP reloads. */
export async function reloadDaemon(progress: Progress): Promise<void> {
  const pid = (await readOrEmpty('/var/run/docker.pid')).trim();
  if (!/^\d+$/.test(pid)) {
    throw new UnfitError(
      'The Docker daemon has to read /etc/docker/daemon.json again, and its process is unknown',
      {
        next: 'Restart the Docker daemon, then run this again.',
      },
    );
  }
  progress('telling the Docker daemon to read its configuration again');
  process.kill(Number(pid), 'SIGHUP');
  const deadline = performance.now() + 10_000;
  let last = '';
  while (performance.now() < deadline) {
    const answer = await askDaemon();
    if (answer.state === 'answers' && answer.info.default_runtime === RUNTIME_NAME) return;
    last = answer.state === 'answers' ? answer.info.default_runtime : answer.reason;
    await delay(POLL_MS);
  }
  throw new DeadlineError(`the Docker daemon's default runtime to be ${RUNTIME_NAME}`, 10, last, {
    next: 'Restart the Docker daemon, then run this again.',
  });
}
