import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Exec, type V1Status } from '@kubernetes/client-node';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import type { KubeApi } from './api.ts';

/** A program to run in a container that runs. */
export interface PodCommand {
  readonly namespace: string;
  readonly pod: string;
  /** The pod's only container when absent. */
  readonly container?: string;
  readonly command: readonly string[];
  /** Given on standard input, for what must not stand in a list of processes. */
  readonly input?: string;
  /** Upper bound for the whole command, in seconds; 15 when absent. */
  readonly timeout_s?: number;
}

/** How a program in a container ended. */
export interface PodCommandResult {
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_S = 15;

/** A program that ended with another code than 0 says so in a cause of the status. */
function exitCodeOf(status: V1Status): number | undefined {
  if (status.status === 'Success') return 0;
  const cause = listAt(status, 'details', 'causes').find((one) => textAt(one, 'reason') === 'ExitCode');
  const code = Number(textAt(cause, 'message'));
  return cause === undefined || !Number.isInteger(code) ? undefined : code;
}

/**
 * Runs a program in a container by way of the API server, and returns what it wrote, whatever its exit code. Ending the
 * wait does not end the program: what it does has to be bounded by itself.
 * @throws UnfitError when it cannot be started, or does not end in time
 */
export async function execIn(api: KubeApi, given: PodCommand): Promise<PodCommandResult> {
  const { namespace, pod, container = '', command, input, timeout_s = TIMEOUT_S } = given;
  const what = `${command[0] ?? 'nothing'} in ${namespace}/${pod}`;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const said = Promise.all([text(stdout), text(stderr)]);
  const ended = Promise.withResolvers<V1Status>();
  const over = new AbortController();
  const late = delay(timeout_s * 1000, undefined, { signal: over.signal }).then(() => {
    throw new UnfitError(`${what} did not end within ${timeout_s} s`);
  });
  late.catch(() => undefined);
  const connect = new Exec(api.config).exec(
    namespace,
    pod,
    container,
    [...command],
    stdout,
    stderr,
    input === undefined ? null : Readable.from([Buffer.from(input)], { objectMode: false }),
    false,
    ended.resolve,
  );
  try {
    const socket = await Promise.race([connect, late]).catch((error: unknown) => {
      throw error instanceof UnfitError
        ? error
        : new UnfitError(`${what} cannot be started: ${textAt(error, 'message') ?? messageOf(error)}`, {
            cause: error,
          });
    });
    socket.addEventListener('close', () => {
      ended.reject(new UnfitError(`the connection to ${what} was lost`));
    });
    const status = await Promise.race([ended.promise, late]).finally(() => socket.close());
    const exit_code = exitCodeOf(status);
    if (exit_code === undefined) {
      throw new UnfitError(`${what} cannot be run: ${status.message ?? status.reason ?? 'no reason given'}`);
    }
    const [out, err] = await said;
    return { exit_code, stdout: out, stderr: err };
  } finally {
    over.abort();
    stdout.end();
    stderr.end();
  }
}
