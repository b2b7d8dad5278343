/** Starts a release that is a program of this machine, and waits until it answers. */
import { createInterface } from 'node:readline';
import getPort from 'get-port';
import { type ChildExit, startChild } from '#harness/process/child.ts';
import type { Address } from '../server/types.ts';
import { databaseEnv, LastLines, type ServingRelease, untilServes } from './serving.ts';
import type { CommandRelease } from './types.ts';

/**
 * Starts the program with `DATABASE_URL` (and `PGHOST` and the like) and `PORT` in its environment, and waits until
 * something answers over HTTP on that port.
 * @throws UnfitError when it ends, or does not answer within 60 s, with the last lines that it wrote
 */
export async function startCommand(
  { command, cwd, said }: CommandRelease,
  address: Address,
  signal?: AbortSignal,
): Promise<ServingRelease> {
  const port = await getPort({ host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${port}`;
  const child = startChild(command, {
    env: { ...databaseEnv(address), PORT: String(port) },
    ...(cwd === undefined ? {} : { cwd }),
  });
  await using stack = new AsyncDisposableStack();
  stack.use(child);
  const lines = new LastLines(address, said);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.take(line));
  }
  let end: string | undefined;
  const noteEnd = ({ exit_code, signal: by }: ChildExit): void => {
    end = by === null ? `exited with ${exit_code}` : `was ended by ${by}`;
  };
  void child.exited.then(noteEnd);
  await untilServes({
    origin,
    name: command.join(' '),
    where: '$PORT',
    lines,
    end: () => end,
    next: 'Start it by hand with the same command, with DATABASE_URL and PORT set.',
    signal,
  });
  const kept = stack.move();
  return { origin, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
