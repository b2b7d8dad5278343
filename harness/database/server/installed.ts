/** Servers that somebody installed on this machine: those that npm does not carry can be had in this way. */
import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tryRun } from '#harness/process/run.ts';

/** Where Debian keeps each version beside the others, and its clients. */
export const DEBIAN_PROGRAMS = '/usr/lib/postgresql/*/bin';

/** Programs of a server as its package installed them. */
export interface InstalledVersion {
  /** `15.18`. */
  readonly version: string;
  readonly major: number;
  /** With `bin`; its other files are where the programs look for them. */
  readonly folder: string;
}

/** All that are there. */
export async function installedVersions(): Promise<readonly InstalledVersion[]> {
  const folders = await Array.fromAsync(glob(DEBIAN_PROGRAMS));
  const complete = folders.filter((bin) =>
    ['postgres', 'initdb'].every((program) => existsSync(join(bin, program))),
  );
  const found = await Promise.all(complete.map(versionOf));
  return found.filter((one) => one !== undefined);
}

async function versionOf(bin: string): Promise<InstalledVersion | undefined> {
  const { stdout } = await tryRun([join(bin, 'postgres'), '--version']);
  const version = /\(PostgreSQL\) (\d+\.\d+)/.exec(stdout)?.[1];
  return version === undefined
    ? undefined
    : { version, major: Number.parseInt(version, 10), folder: dirname(bin) };
}
