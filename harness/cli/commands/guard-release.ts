/** The releases that the flags of `mettle guard` name, and what they write. */
import { join } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { readHttpRequests } from '#harness/database/workload/read-http.ts';
import { readSqlRelease } from '#harness/database/workload/read-sql.ts';
import type { Release } from '#harness/database/workload/types.ts';
import { writeWhole } from '#reports/files.ts';
import type { GuardFlags } from './guard-flags.ts';

const SIDES = ['old', 'new'] as const;
type Side = (typeof SIDES)[number];

/** That an image serves on where nobody says another one. */
const PORT = 8080;

/** Lines of each release; a program that says more than this says the same again and again. */
const LINES_MAX = 5_000;

/**
 * Runs a line of shell, and ends whatever it started, which is one group of processes, when the shell itself has ended or
 * whoever started it is gone: their end of its standard input is closed then, however they ended. A line may be more than one
 * program (`cd app && npm start`), and a program may start others.
 */
const WITH_ALL_OF_IT = 'exec 3<&0; (cat <&3; kill -s KILL -- -$$) >/dev/null 2>&1 & sh -c "$0" 3<&-';

/** What the programs of both releases write, all their starts together; the oldest lines give way. */
export class ReleaseLogs {
  readonly #lines: Record<Side, string[]> = { old: [], new: [] };

  taker(side: Side): (line: string) => void {
    const lines = this.#lines[side];
    return (line) => {
      lines.push(line);
      if (lines.length > 2 * LINES_MAX) lines.splice(0, LINES_MAX);
    };
  }

  /** Writes `old-release.log` and `new-release.log`, where they wrote anything. */
  async keep(folder: string): Promise<void> {
    for (const side of SIDES) {
      const lines = this.#lines[side].slice(-LINES_MAX);
      if (lines.length > 0) await writeWhole(join(folder, `${side}-release.log`), `${lines.join('\n')}\n`);
    }
  }
}

/** A release as statements, or as a program or an image with the requests that it is sent; undefined where none was named. */
export async function releaseOf(
  side: Side,
  flags: GuardFlags,
  logs: ReleaseLogs,
): Promise<Release | undefined> {
  const { file, command, image, port } =
    side === 'old'
      ? { file: flags.old, command: flags.oldCommand, image: flags.oldImage, port: flags.oldPort }
      : { file: flags.new, command: flags.newCommand, image: flags.newImage, port: flags.newPort };
  if (command !== undefined && image !== undefined) {
    throw new UsageError(`the ${side} release is either a command or an image`, {
      next: `leave out --${side}-command or --${side}-image`,
    });
  }
  if (port !== undefined && image === undefined) {
    throw new UsageError(`--${side}-port is the port of an image`, {
      next: `name one with --${side}-image; a command is given its port as $PORT`,
    });
  }
  const flag = command === undefined ? `--${side}-image` : `--${side}-command`;
  if (command === undefined && image === undefined) {
    return file === undefined ? undefined : await readSqlRelease(file);
  }
  if (file === undefined) {
    throw new UsageError(`${flag} needs the requests that the release is sent`, {
      next: `name a file of requests with --${side}`,
    });
  }
  const asked = { file, requests: await readHttpRequests(file), said: logs.taker(side) };
  if (image === undefined) {
    return { kind: 'command', command: ['sh', '-c', WITH_ALL_OF_IT, command ?? ''], ...asked };
  }
  const env = flags.env === undefined ? {} : { env: flags.env };
  return { kind: 'container', image, port: port ?? PORT, ...env, ...asked };
}
