import { chmod, cp, readFile, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { obtainCached } from './cached.ts';
import { installedVersions } from './installed.ts';

/** Majors that npm carries for this project, the one that is taken unasked first. */
const MAJORS = [18, 17, 16, 15, 14] as const;

/** Programs of one version of PostgreSQL as its package holds them: without links and where the server may not read. */
export interface CarriedVersion {
  /** `18.4`. */
  readonly version: string;
  readonly major: number;
  readonly folder: string;
}

const READABLE = 0o755;
const PACKAGE = v.object({ version: v.pipe(v.string(), v.regex(/^\d+\.\d+\./)) });
const LINKS = v.array(v.object({ source: v.string(), target: v.string() }));

/** A version that can be started here. */
export interface ServerPrograms {
  /** `18.4`. */
  readonly version: string;
  readonly major: number;
  /** Makes them ready: a folder with `bin`. */
  readonly obtain: () => Promise<string>;
}

/**
 * Every version that can be started here, newest first: those of npm, and of other majors what is installed on the machine, so
 * that an image needs no second copy of a server that it has already.
 */
export async function serverPrograms(): Promise<readonly ServerPrograms[]> {
  const [carried, installed] = await Promise.all([carriedVersions(), installedVersions()]);
  const others = installed.filter(({ major }) => !carried.some((one) => one.major === major));
  return [
    ...carried.map((one) => ({ ...one, obtain: () => obtainPrograms(one) })),
    ...others.map(({ folder, ...one }) => ({ ...one, obtain: async () => folder })),
  ].sort((left, right) => right.major - left.major);
}

/** The versions that npm carries, newest first. They are optional packages, so there may be none. */
export async function carriedVersions(): Promise<readonly CarriedVersion[]> {
  const found = await Promise.all(MAJORS.map(carriedVersion));
  return found.filter((one) => one !== undefined);
}

async function carriedVersion(major: number): Promise<CarriedVersion | undefined> {
  let entry: string;
  try {
    entry = fileURLToPath(import.meta.resolve(`postgres-${major}-linux-${process.arch}`));
  } catch {
    return undefined;
  }
  const folder = dirname(dirname(entry));
  if (!existsSync(join(folder, 'native/bin/postgres'))) return undefined;
  const { version } = v.parse(PACKAGE, JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  return { version: version.split('.').slice(0, 2).join('.'), major, folder };
}

/**
 * The version that a person means by `18` or `18.4`, or the newest.
 * @throws UsageError when it is not among them; UnfitError when there is none at all
 */
export function chooseVersion<Version extends { readonly version: string }>(
  versions: readonly Version[],
  asked: string | undefined,
): Version {
  const [newest] = versions;
  if (newest === undefined) {
    throw new UnfitError('no version of PostgreSQL is installed with Mettle', {
      next: 'Install its optional packages: npm ci --include=optional',
    });
  }
  if (asked === undefined) return newest;
  const chosen = versions.find(({ version }) => version === asked || version.split('.')[0] === asked);
  if (chosen !== undefined) return chosen;
  throw new UsageError(`PostgreSQL ${asked} is not among the versions that are here`, {
    next: `Choose one of ${versions.map(({ version }) => version).join(', ')}, or another engine.`,
  });
}

/**
 * Folder with `bin`, `lib` and `share` of a version, complete and readable by the server's user. Made on first use, because
 * packages of npm hold no links and their install scripts are not run.
 */
export async function obtainPrograms({ version, folder }: CarriedVersion): Promise<string> {
  return await obtainCached(`${basename(folder)}-${version}`, async (made) => {
    await chmod(made, READABLE);
    const native = join(folder, 'native');
    // Static libraries serve whoever compiles against PostgreSQL.
    await cp(native, made, { recursive: true, filter: (path) => !path.endsWith('.a') });
    const links = v.parse(LINKS, JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
    for (const { source, target } of links) {
      if (source.endsWith('.a')) continue;
      await symlink(relative(dirname(target), source), join(made, relative('native', target)));
    }
  });
}
