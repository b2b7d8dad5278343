/** Starts a release that is a program, and waits until it answers. */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { request } from 'undici';
import { UnfitError } from '#harness/core/errors.ts';
import { redactText } from '#harness/core/redact.ts';
import { type Child, type ChildExit, startChild } from '#harness/process/child.ts';
import { clientEnv } from '../server/address.ts';
import type { Address } from '../server/types.ts';
import type { CommandRelease } from './types.ts';

const DEADLINE_S = 60;
const LOOK_MS = 25;
const LINES_KEPT = 10;

/** A release that serves. Disposing it ends it. */
export interface ServingRelease extends AsyncDisposable {
  /** `http://127.0.0.1:3000`. */
  readonly origin: string;
}

function urlOf({ host, port, user, password, database }: Address): string {
  const [name, secret, path] = [user, password, database].map(encodeURIComponent);
  return `postgres://${name}:${secret}@${host.includes(':') ? `[${host}]` : host}:${port}/${path}`;
}

/** The last lines that a program wrote, without secrets. */
function linesOf(child: Child): () => string {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(redactText(line));
      if (lines.length > LINES_KEPT) lines.shift();
    });
  }
  return () => (lines.length === 0 ? 'it wrote nothing' : `it wrote:\n${lines.join('\n')}`);
}

/** Whether anything is answered over HTTP, whatever it says. */
async function answers(origin: string): Promise<boolean> {
  return await request(`${origin}/`, { signal: AbortSignal.timeout(DEADLINE_S * 1_000) }).then(
    async ({ body }) => {
      await body.dump();
      return true;
    },
    () => false,
  );
}

/**
 * Starts the program with `DATABASE_URL` (and `PGHOST` and the like) and `PORT` in its environment, and waits until
 * something answers over HTTP on that port.
 * @throws UnfitError when it ends, or does not answer within 60 s, with the last lines that it wrote
 */
export async function startRelease(
  { command, cwd }: CommandRelease,
  address: Address,
  signal?: AbortSignal,
): Promise<ServingRelease> {
  const port = await getPort({ host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${port}`;
  const child = startChild(command, {
    env: { ...clientEnv(address), DATABASE_URL: urlOf(address), PORT: String(port) },
    ...(cwd === undefined ? {} : { cwd }),
  });
  await using stack = new AsyncDisposableStack();
  stack.use(child);
  const said = linesOf(child);
  const name = command.join(' ');
  let end: string | undefined;
  const noteEnd = ({ exit_code, signal: by }: ChildExit): void => {
    end = by === null ? `exited with ${exit_code}` : `was ended by ${by}`;
  };
  void child.exited.then(noteEnd);
  const until_ms = performance.now() + DEADLINE_S * 1_000;
  while (!(await answers(origin))) {
    signal?.throwIfAborted();
    const next = 'Start it by hand with the same command, with DATABASE_URL and PORT set.';
    if (end !== undefined) {
      throw new UnfitError(`the release \`${name}\` ${end} before it served on $PORT; ${said()}`, { next });
    }
    if (performance.now() > until_ms) {
      throw new UnfitError(
        `the release \`${name}\` did not serve on $PORT within ${DEADLINE_S} s; ${said()}`,
        {
          next,
        },
      );
    }
    await delay(LOOK_MS);
  }
  const kept = stack.move();
  return { origin, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
