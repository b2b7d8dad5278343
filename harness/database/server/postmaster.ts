import { createInterface } from 'node:readline';
import getPort from 'get-port';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { asServerUser } from './account.ts';
import type { ServerFolder } from './folder.ts';

const LOOPBACK = '127.0.0.1';
const START_S = 60;
const LOG_LINES = 20;
const PORTS_TRIED = 5;
const READY = 'database system is ready to accept connections';
const PORT_TAKEN = 'could not create any TCP/IP sockets';

/** The server's first process, on a port of its own. */
export interface Postmaster {
  readonly port: number;
  /** Starts it again where it was. */
  start(): Promise<void>;
  crash(): Promise<void>;
}

/** How a start went. */
type Start = { readonly ready: true } | { readonly ready: false; readonly log: string };

/**
 * Starts the server of a folder and waits until it serves. The folder ends it.
 * @throws UnfitError with the end of its log when it ends by itself; DeadlineError when it neither serves nor ends
 */
export async function startPostmaster(
  program: string,
  folder: ServerFolder,
  signal: AbortSignal,
  onLog?: (line: string) => void,
): Promise<Postmaster> {
  let child: Child;
  const startOn = async (port: number): Promise<Start> => {
    child = startChild(
      asServerUser([
        program,
        `-D${folder.data}`,
        `-clisten_addresses=${LOOPBACK}`,
        `-cport=${port}`,
        `-cunix_socket_directories=${folder.sockets}`,
      ]),
      // Settings of the person who runs this are not meant for it.
      { cwd: '/', hide_env: /^(?:PG|LC_|LANG)/, env: { LC_ALL: 'C.UTF-8' } },
    );
    return await untilReady(child, signal, onLog);
  };

  for (let tried = 1; ; tried += 1) {
    const port = await getPort({ host: LOOPBACK });
    const start = await startOn(port);
    // Another process may take the port between the look and the start.
    if (!start.ready && start.log.includes(PORT_TAKEN) && tried < PORTS_TRIED) continue;
    demand(start);
    return {
      port,
      start: async () => {
        demand(await startOn(port));
      },
      crash: async () => {
        await folder.crash();
        await child.exited;
      },
    };
  }
}

function demand(start: Start): void {
  if (!start.ready) throw new UnfitError(`PostgreSQL did not start:\n${start.log}`);
}

async function untilReady(child: Child, signal: AbortSignal, onLog?: (line: string) => void): Promise<Start> {
  const lines: string[] = [];
  const ready = Promise.withResolvers<Start>();
  const lost = Promise.withResolvers<never>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    onLog?.(line);
    lines.push(line);
    if (lines.length > LOG_LINES) lines.shift();
    if (line.includes(READY)) ready.resolve({ ready: true });
  });
  child.stdout.resume();
  const timer = setTimeout(() => {
    lost.reject(new DeadlineError('PostgreSQL to start', START_S, lines.at(-1) ?? 'nothing'));
  }, START_S * 1000);
  const stop = (): void => lost.reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([
      ready.promise,
      lost.promise,
      child.exited.then((): Start => ({ ready: false, log: lines.join('\n') })),
    ]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
