/** What releases have in common that are programs, wherever they run. */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { UnfitError } from '#harness/core/errors.ts';
import { addressUrl, clientEnv, withoutPassword } from '../server/address.ts';
import type { Address } from '../server/types.ts';

const DEADLINE_S = 60;
const LOOK_MS = 25;
const LINES_KEPT = 10;

/** A release that serves. Disposing it ends it. */
export interface ServingRelease extends AsyncDisposable {
  /** `http://127.0.0.1:3000`. */
  readonly origin: string;
}

/** How a release is told of its database: `DATABASE_URL`, and `PGHOST` and the like. */
export function databaseEnv(address: Address): Readonly<Record<string, string>> {
  return { ...clientEnv(address), DATABASE_URL: addressUrl(address) };
}

/** The last lines that a program wrote, without secrets. */
export class LastLines {
  readonly #lines: string[] = [];
  readonly #address: Pick<Address, 'password'>;
  readonly #said: ((line: string) => void) | undefined;

  /** @param said is given every line, without secrets too */
  constructor(address: Pick<Address, 'password'>, said?: (line: string) => void) {
    this.#address = address;
    this.#said = said;
  }

  take(line: string): void {
    const clean = withoutPassword(line, this.#address);
    this.#lines.push(clean);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    this.#said?.(clean);
  }

  toString(): string {
    return this.#lines.length === 0 ? 'it wrote nothing' : `it wrote:\n${this.#lines.join('\n')}`;
  }
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

/** A program that was started, and may have ended meanwhile. */
interface Starting {
  readonly origin: string;
  /** What it is called in a message. */
  readonly name: string;
  /** Where it is expected to serve, for a message. */
  readonly where: string;
  readonly lines: LastLines;
  /** How it ended, once it has: `exited with 7`. */
  readonly end: () => string | undefined;
  readonly next: string;
  readonly signal: AbortSignal | undefined;
}

/** What is said of a program that ended before it served. */
export function endedEarly(
  { name, where, lines, next }: Pick<Starting, 'name' | 'where' | 'lines' | 'next'>,
  ended: string,
): UnfitError {
  const message = `the release \`${name}\` ${ended} before it served on ${where}; ${String(lines)}`;
  return new UnfitError(message, { next });
}

/**
 * Comes once something answers over HTTP.
 * @throws UnfitError when the program ends, or nothing answers within 60 s, with the last lines that it wrote
 */
export async function untilServes(starting: Starting): Promise<void> {
  const { origin, name, where, lines, end, next, signal } = starting;
  const until_ms = performance.now() + DEADLINE_S * 1_000;
  while (!(await answers(origin))) {
    signal?.throwIfAborted();
    const ended = end();
    if (ended !== undefined) throw endedEarly(starting, ended);
    if (performance.now() > until_ms) {
      throw new UnfitError(
        `the release \`${name}\` did not serve on ${where} within ${DEADLINE_S} s; ${String(lines)}`,
        { next },
      );
    }
    await delay(LOOK_MS);
  }
}
