import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { run, tryRun } from '#harness/process/run.ts';
import type { GitServer } from './git-server.ts';

const COMMAND_S = 20;
/** How long a server that is there may take to answer. */
const ANSWER_MS = 500;
const PAUSE_MS = 50;
const BACK_S = 10;

/** When nobody could reach the Git server. */
export interface OutageSpan {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** A time without Git. It ends by itself; giving it back ends it at once. */
export interface Outage extends AsyncDisposable {
  /** When the server was found to be silent. */
  readonly from: EpochMs;
  /** Comes when the server answers again. @throws DeadlineError when it does not */
  readonly ended: Promise<OutageSpan>;
}

async function answers({ outside }: Pick<GitServer, 'outside'>): Promise<boolean> {
  return await fetch(outside, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    ({ status }) => status === 401,
    () => false,
  );
}

async function waitUntilBack(server: GitServer): Promise<void> {
  const deadline = performance.now() + BACK_S * 1000;
  while (!(await answers(server))) {
    if (performance.now() > deadline) {
      throw new DeadlineError('the Git server off-site to answer again', BACK_S, 'no answer');
    }
    await delay(PAUSE_MS);
  }
}

/** Docker's word for a container: `running`, `paused`. */
async function stateOf(container: string): Promise<string> {
  const { stdout } = await tryRun(['docker', 'inspect', '--format', '{{.State.Status}}', container], {
    timeout_s: COMMAND_S,
  });
  return stdout.trim();
}

/**
 * Takes the Git server away for a while: it is frozen, so that whoever asks gets no answer, as from a machine that hangs or a
 * network that drops. Neither its address nor what it holds changes.
 * @param duration_s after which it is let go, in seconds
 * @throws UsageError when it is away already, UnfitError when it answers all the same
 */
export async function beginOutage(server: GitServer, duration_s: number): Promise<Outage> {
  const { container } = server;
  const state = await stateOf(container);
  if (state !== 'running') throw new UsageError(`The Git server off-site is ${state || 'gone'} already`);
  await run(['docker', 'pause', container], { timeout_s: COMMAND_S });
  const end = async (): Promise<void> => {
    await run(['docker', 'unpause', container], { timeout_s: COMMAND_S, detached: true });
    await waitUntilBack(server);
  };
  if (await answers(server)) {
    await end();
    throw new UnfitError(`The Git server off-site answers although container ${container} is frozen`);
  }
  const from = Date.now();
  const early = new AbortController();
  const ended = (async (): Promise<OutageSpan> => {
    // Given back before its time, it ends by the same way.
    await delay(duration_s * 1000, undefined, { signal: early.signal }).catch(() => undefined);
    await end();
    return { from, to: Date.now() };
  })();
  // Who waits for it is told; a run that does not wait must not end by a failure that nobody asked about.
  ended.catch(() => undefined);
  return {
    from,
    ended,
    [Symbol.asyncDispose]: async () => {
      early.abort();
      await ended;
    },
  };
}
