import { fork, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How a program ended. */
export interface DetachedEnd {
  readonly exit_code: number | null;
  readonly signal: string | null;
}

/** A program in a session of its own: signals of the terminal do not reach it and it outlives this process. */
export interface DetachedProcess {
  readonly pid: number;
  /** Resolves when it ends while this process still runs. */
  readonly ended: Promise<DetachedEnd>;
}

/** A detached Node program that is told when this process is gone: its channel is then disconnected. */
export interface Companion extends DetachedProcess {
  /** Sends a message; silently without effect once the program has ended. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
  /** From now on its channel does not keep this process running. */
  detachFromLoop(): void;
}

export interface DetachedOptions {
  /** Receives standard output and standard error; appended to. */
  readonly log_file: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function openLog(path: string): ReturnType<typeof open> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await open(path, 'a', 0o600);
}

type Child = ReturnType<typeof spawn>;

async function started(child: Child, what: string): Promise<DetachedProcess> {
  const ended = new Promise<DetachedEnd>((resolve) => {
    child.once('exit', (exit_code, signal) => {
      resolve({ exit_code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`${what} started without a process id`);
  return { pid: child.pid, ended };
}

/**
 * Starts a program that lives on after this process. It never keeps this process from ending.
 * @throws Error when the program cannot be started
 */
export async function startDetached(
  command: readonly [string, ...string[]],
  options: DetachedOptions,
): Promise<DetachedProcess> {
  await using log = await openLog(options.log_file);
  const [program, ...rest] = command;
  const child = spawn(program, rest, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...options.env },
  });
  return await started(child, program);
}

/**
 * Starts a Node program of this project that lives on after this process and learns of its end at once, however it
 * came, because the kernel closes the channel between the two.
 * @throws Error when the program cannot be started
 */
export async function startCompanion(
  file: string,
  args: readonly string[],
  options: DetachedOptions,
): Promise<Companion> {
  await using log = await openLog(options.log_file);
  const child = fork(file, args, {
    cwd: '/',
    detached: true,
    // A test runner's own hooks and flags are not meant for it.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  const running = await started(child, file);
  return {
    ...running,
    send(message) {
      if (child.connected) child.send(message, () => undefined);
    },
    onMessage(listener) {
      child.on('message', listener);
    },
    detachFromLoop() {
      child.channel?.unref();
    },
  };
}
