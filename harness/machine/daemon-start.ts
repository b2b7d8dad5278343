import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { startDetached } from '#harness/process/detached.ts';
import { findProgram, stateDir } from '#harness/process/paths.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { askDaemon, DAEMON_CONFIG, type DaemonInfo, readOrEmpty } from './daemon.ts';
import { dataRoot } from './daemon-config.ts';
import { brokeOverNetworks, lastWords, setNetworksAside } from './daemon-end.ts';

const START_DEADLINE_S = 60;
const POLL_MS = 250;

/** A daemon that can be started as a program. */
export interface DaemonProgram {
  readonly command: readonly [string, ...string[]];
  /** Its folder of images, containers and networks. */
  readonly root: string;
  readonly log_file: string;
  /** Address at which it answers; the Docker client's own when absent. */
  readonly host?: string;
}

type Start =
  | { readonly state: 'answers'; readonly info: DaemonInfo }
  | { readonly state: 'ended'; readonly end: string };

async function waitForDaemon(
  host: string | undefined,
  log_file: string,
  ended: () => string | undefined,
): Promise<Start> {
  const deadline = performance.now() + START_DEADLINE_S * 1000;
  for (;;) {
    const answer = await askDaemon(host);
    if (answer.state === 'answers') return answer;
    const end = ended();
    if (end !== undefined) return { state: 'ended', end };
    if (performance.now() > deadline) {
      throw new DeadlineError('the Docker daemon to answer', START_DEADLINE_S, answer.reason, {
        next: `Read ${log_file}.`,
      });
    }
    // Docker has no "ready" notice outside systemd: asking is the only way.
    await delay(POLL_MS);
  }
}

async function startOnce({ command, log_file, host }: DaemonProgram): Promise<Start> {
  // Containerd and iptables are looked up by name, and a plain PATH may leave their folder out.
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const daemon = await startDetached(command, { log_file, env });
  let end: string | undefined;
  void daemon.ended.then(({ exit_code, signal }) => {
    end = signal ? `was ended by ${signal}` : `exited ${exit_code}`;
    return end;
  });
  return await waitForDaemon(host, log_file, () => end);
}

/** What was appended to a file since it had so many bytes. */
async function textSince(path: string, bytes: number): Promise<string> {
  return Buffer.from(await readOrEmpty(path))
    .subarray(bytes)
    .toString();
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/**
 * Starts a Docker daemon in a session of its own; it stays after Mettle's end. One that cannot start because it was
 * killed in the middle of removing a network gets its networks set aside, once.
 * @throws UnfitError when it ends at once
 * @throws DeadlineError when it does not answer in time
 */
export async function startProgram(program: DaemonProgram, progress: Progress): Promise<DaemonInfo> {
  const { command, log_file, root } = program;
  progress(`starting ${command[0]}; it stays after Mettle's end, its log is ${log_file}`);
  for (let mended = false; ; mended = true) {
    const before_bytes = await sizeOf(log_file);
    const start = await startOnce(program);
    if (start.state === 'answers') return start.info;
    const said = await textSince(log_file, before_bytes);
    if (mended || !brokeOverNetworks(said)) {
      throw new UnfitError(`dockerd ${start.end} while it started; ${log_file} says:\n${lastWords(said)}`, {
        next: 'Correct what the log names, then run this again.',
      });
    }
    const kept = await setNetworksAside(root);
    progress(
      'dockerd was killed while it removed a network and ends at every start since (moby/moby#45057): its networks ' +
        `are set aside in ${kept}; those of your own have to be made again`,
    );
  }
}

/**
 * Starts the machine's Docker daemon, as a service where systemd runs, else as a program.
 * @throws UnfitError when it ends at once
 * @throws DeadlineError when it does not answer in time
 */
export async function startDaemon(progress: Progress): Promise<DaemonInfo> {
  if (
    findProgram('systemctl') !== undefined &&
    (await tryRun(['systemctl', 'is-system-running'])).exit_code === 0
  ) {
    progress('starting the service docker');
    await run(['systemctl', 'start', 'docker'], { timeout_s: START_DEADLINE_S });
    const start = await waitForDaemon(undefined, 'journalctl -u docker', () => undefined);
    if (start.state === 'answers') return start.info;
  }
  const dockerd = findProgram('dockerd');
  if (dockerd === undefined) throw new UnfitError('There is no dockerd to start');
  const root = dataRoot(await readOrEmpty(DAEMON_CONFIG));
  return await startProgram(
    { command: [dockerd], root, log_file: join(stateDir(), 'logs', 'dockerd.log') },
    progress,
  );
}
