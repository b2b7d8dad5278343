import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { tryRun } from '#harness/process/run.ts';
import { DEBIAN_PROGRAMS } from './installed.ts';

const PROGRAMS = ['psql', 'pg_dump', 'pg_restore'] as const;

/** Programs that speak to a server, as somebody installed them on this machine. */
export interface ClientPrograms {
  readonly folder: string;
  /** `15`: they read servers and dumps up to this one. */
  readonly major: number;
}

let known: Promise<readonly ClientPrograms[]> | undefined;

/** The oldest programs that know this version of the server; undefined where there are none. */
export async function clientPrograms(major: number): Promise<ClientPrograms | undefined> {
  const all = await (known ??= findPrograms());
  return all.find((one) => one.major >= major);
}

/** All that are there, oldest first. */
async function findPrograms(): Promise<readonly ClientPrograms[]> {
  const folders = [
    ...(await Array.fromAsync(glob(DEBIAN_PROGRAMS))),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const complete = [...new Set(folders)].filter((folder) =>
    PROGRAMS.every((program) => folder !== '' && existsSync(join(folder, program))),
  );
  const found = await Promise.all(complete.map(versionOf));
  return found.filter((one) => one !== undefined).sort((left, right) => left.major - right.major);
}

async function versionOf(folder: string): Promise<ClientPrograms | undefined> {
  const { stdout } = await tryRun([join(folder, 'pg_dump'), '--version']);
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
  return major === undefined ? undefined : { folder, major: Number(major) };
}
