import { $, type ProcessOutput, type ProcessPromise } from 'zx';
import { UnfitError } from '#harness/core/errors.ts';
import { PLAIN_SHELL } from './shell.ts';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text given on standard input; nothing when absent. */
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Upper bound for the whole command, in seconds. */
  readonly timeout_s?: number;
  /** In a session of its own, so that the terminal's Ctrl-C does not reach it: for cleaning up. */
  readonly detached?: boolean;
  /** Called with each complete line of standard output and standard error, as they come. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
}

/** Lines of output kept in the message of a failed command. */
const TAIL_LINES = 20;

/** A command that failed; the message holds the command line, its end and the last lines of its output. */
export class CommandError extends UnfitError {
  readonly result: RunResult;

  constructor(command: readonly string[], result: RunResult) {
    const ended = result.signal ? `was ended by ${result.signal}` : `exited ${result.exit_code}`;
    const tail = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
    super(`${command.join(' ')} ${ended}${tail ? `\n${tail}` : ''}`);
    this.result = result;
  }
}

function start(command: readonly string[], options: RunOptions): ProcessPromise {
  const shell = $({
    quiet: true,
    nothrow: true,
    detached: options.detached ?? false,
    ...(options.input ? { input: options.input } : {}),
    env: { ...process.env, ...PLAIN_SHELL, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.timeout_s === undefined ? {} : { timeout: `${Math.ceil(options.timeout_s)}s` as const }),
  });
  const running = shell`${command}`;
  // A program may end without reading all that it is given; what that means, its exit code tells.
  running.stdin.on('error', () => undefined);
  // zx takes empty input for none and would leave the program waiting for the end of an open pipe.
  if (!options.input) running.stdin.end();
  return running;
}

function asResult(output: ProcessOutput): RunResult {
  return {
    stdout: output.stdout,
    stderr: output.stderr,
    exit_code: output.exitCode,
    signal: output.signal,
  };
}

function forwardLines(running: ProcessPromise, onLine: (line: string) => void): void {
  for (const stream of [running.stdout, running.stderr]) {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    stream.on('end', () => {
      if (rest) onLine(rest);
    });
  }
}

/**
 * Runs a program to its end and returns its output, whatever its exit code.
 * Arguments are passed as they are: no shell expands them.
 */
export async function tryRun(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const running = start(command, options);
  if (options.onLine) forwardLines(running, options.onLine);
  return asResult(await running);
}

/**
 * Runs a program to its end and returns its output.
 * @throws CommandError when it does not exit 0
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryRun(command, options);
  if (result.exit_code !== 0) throw new CommandError(command, result);
  return result;
}
