import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { UnfitError } from '#harness/core/errors.ts';
import type { ChildExit } from './child.ts';

/** Characters kept of what a program complained. */
const COMPLAINT_CHARS = 4000;

/** How a program ended, with the end of its standard error. */
export interface PipeEnd extends ChildExit {
  readonly complaint: string;
}

/** A program whose output is read as it comes and kept nowhere, however much it is: it waits while nobody reads. */
export interface Pipe extends AsyncDisposable {
  readonly stdout: Readable;
  /** Comes when it has ended, however it ended; never rejects. */
  readonly ended: Promise<PipeEnd>;
}

/**
 * Starts a program for its output. Giving it back kills it.
 * @throws UnfitError when it cannot be started
 */
export async function startPipe(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Pipe> {
  const [program, ...rest] = command;
  const child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new UnfitError(`${program} could not be started: ${cause.message}`, { cause }));
    });
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_CHARS);
  });
  const ended = new Promise<PipeEnd>((resolve) => {
    child.once('close', (exit_code, signal) => resolve({ exit_code, signal, complaint: complaint.trim() }));
  });
  return {
    stdout: child.stdout,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      // Whoever was reading may have stopped in the middle, and its end would never be reached.
      child.stdout.destroy();
      await ended;
    },
  };
}
