import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { $, type ProcessPromise } from 'zx';
import { UnfitError } from '#harness/core/errors.ts';
import { PLAIN_SHELL } from './shell.ts';

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of this process's own environment that the child must not see. */
  readonly hide_env?: RegExp;
  /** Niceness, from -20 (first) to 19; as it is where this user may not set it. Threads made later have it too. */
  readonly niceness?: number;
}

export interface ChildExit {
  readonly exit_code: number | null;
  readonly signal: string | null;
}

/** A program that runs until it is told to stop. Giving it back kills it. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Comes when the program has ended, however it ended; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Sends a signal; false when the program has already ended. */
  kill(signal: NodeJS.Signals): boolean;
}

/**
 * Starts a long-running program in a session of its own, so that a Ctrl-C on the terminal reaches it only through
 * the harness. Arguments are passed as they are: no shell expands them. Its parent is this process itself.
 * @throws UnfitError when no process could be made
 */
export function startChild(command: readonly string[], options: ChildOptions = {}): Child {
  const { cwd, env, hide_env, niceness } = options;
  const inherited = Object.entries(process.env).filter(([name]) => !hide_env?.test(name));
  const shell = $({
    quiet: true,
    nothrow: true,
    detached: true,
    // zx runs commands by a shell; it gives way to the program, whose process id is then the child's.
    prefix: 'exec ',
    env: { ...Object.fromEntries(inherited), ...PLAIN_SHELL, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const running = shell`${command}`;
  const { pid } = running;
  if (pid === undefined) throw new UnfitError(`${command[0] ?? 'a program'} could not be started`);
  if (niceness !== undefined) setNiceness(pid, niceness);
  let ended = false;
  const exited = exitOf(running).finally(() => {
    ended = true;
  });
  const kill = (signal: NodeJS.Signals): boolean => !ended && (running.child?.kill(signal) ?? false);
  return {
    pid,
    stdin: running.stdin,
    stdout: running.stdout,
    stderr: running.stderr,
    exited,
    kill,
    [Symbol.asyncDispose]: async () => {
      kill('SIGKILL');
      await exited;
    },
  };
}

/** At once after the start, while the program has one thread: the kernel keeps a niceness for each. */
function setNiceness(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Only an administrator may come first; and a program that has ended already says why by its exit.
  }
}

async function exitOf(running: ProcessPromise): Promise<ChildExit> {
  const { exitCode, signal } = await running;
  return { exit_code: exitCode, signal };
}
