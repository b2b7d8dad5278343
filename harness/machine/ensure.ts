import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { requireGo } from '#harness/images/go-build.ts';
import { haveSysResource } from './capability.ts';
import type { DaemonAnswer, DaemonInfo } from './daemon.ts';
import { askDaemon, registerWrapper, reloadDaemon } from './daemon.ts';
import { RUNTIME_NAME } from './daemon-config.ts';
import { startDaemon } from './daemon-start.ts';
import { cacheFact, diskFacts } from './facts.ts';
import { diskNeeded, judgeDisk } from './judge.ts';
import type { NeededPackage } from './packages.ts';
import {
  BUILD_PACKAGES,
  DOCKER_PACKAGES,
  describeMissing,
  installCommand,
  installPackages,
  missingPackages,
} from './packages.ts';

export interface EnsureMachineOptions {
  /** The user's consent to change the system; without it nothing is changed. */
  readonly install: boolean;
  readonly progress: Progress;
  /** Whether images may have to be built from source, which needs a few programs more; true when absent. */
  readonly build?: boolean;
  /** Programs that what was chosen needs in addition. */
  readonly packages?: readonly NeededPackage[];
  /** Builds the runc wrapper and returns its path; called only where the machine needs it. */
  readonly buildWrapper: (progress: Progress) => Promise<string>;
}

/** `--install` is the one consent; the same sentence everywhere, so that it is recognised. */
const CONSENT = 'or let Mettle do it: add --install to the command';

function unfitPackages(missing: readonly NeededPackage[]): UnfitError {
  return new UnfitError(`This machine lacks ${describeMissing(missing)}`, {
    next: `Run: ${installCommand(missing)}; ${CONSENT}.`,
  });
}

/** A full disk shows itself late and in many disguises: it is named before anything is begun. */
async function requireDisk(daemon: DaemonAnswer): Promise<void> {
  const needed_bytes = diskNeeded(await cacheFact(daemon));
  for (const disk of await diskFacts(daemon)) {
    const { ok, found, needed, fix } = judgeDisk(disk, needed_bytes);
    if (!ok)
      throw new UnfitError(`There is too little disk for ${disk.purpose}: ${found}, needed ${needed}`, {
        next: fix,
      });
  }
}

/** Why the machine's own daemon may not be started or configured by this process, or undefined. */
function refusal(): string | undefined {
  if (process.env['DOCKER_HOST'])
    return `DOCKER_HOST is ${process.env['DOCKER_HOST']}, which Mettle does not manage`;
  if (process.getuid?.() !== 0) return 'only root can start it';
  return undefined;
}

/**
 * Sees to it that the programs of Debian packages are there.
 * @throws UnfitError naming what is missing and the command that adds it, where there is no consent
 */
export async function ensurePackages(
  needed: readonly NeededPackage[],
  options: Pick<EnsureMachineOptions, 'install' | 'progress'>,
): Promise<void> {
  const missing = missingPackages(needed);
  if (missing.length === 0) return;
  if (!options.install) throw unfitPackages(missing);
  await installPackages(missing, options.progress);
}

/**
 * Sees to it that a Docker daemon answers and can start privileged containers, and that the programs which build
 * images are there. With `install` it changes the system, and says what and why before it does.
 * A daemon that it starts stays.
 * @throws UnfitError naming what is missing and the command that adds it
 * @throws DeadlineError when a started daemon does not answer in time
 */
export async function ensureMachine(options: EnsureMachineOptions): Promise<DaemonInfo> {
  const { install, progress, build = true, packages = [], buildWrapper } = options;
  let answer = await askDaemon();
  await requireDisk(answer);
  const missing = missingPackages([
    ...(answer.state === 'answers' || process.env['DOCKER_HOST'] ? [] : DOCKER_PACKAGES),
    ...(build ? BUILD_PACKAGES : []),
    ...packages,
  ]);
  if (missing.length > 0) {
    if (!install) throw unfitPackages(missing);
    await installPackages(missing, progress);
    answer = await askDaemon();
  }
  if (build) await requireGo();

  const refused = refusal();
  // A daemon elsewhere has its own bounding set, which cannot be seen from here.
  const wrap = refused === undefined && !(await haveSysResource());
  if (answer.state === 'answers') {
    if (!wrap || answer.info.default_runtime === RUNTIME_NAME) return answer.info;
    if (!install) throw unfitWrapper();
    if (await registerWrapper(await buildWrapper(progress), progress)) await reloadDaemon(progress);
    return answer.info;
  }
  if (refused !== undefined) {
    throw new UnfitError(`No Docker daemon answers (${answer.reason}), and ${refused}`, {
      next: process.env['DOCKER_HOST']
        ? 'Start that daemon or correct DOCKER_HOST, then run this again.'
        : `Start the Docker daemon as root and add this user to the group docker, or run Mettle as root.`,
    });
  }
  if (!install) {
    throw new UnfitError(`No Docker daemon answers (${answer.reason})`, {
      next: `Start it (service docker start, or dockerd); ${CONSENT}.`,
    });
  }
  if (wrap) await registerWrapper(await buildWrapper(progress), progress);
  return await startDaemon(progress);
}

function unfitWrapper(): UnfitError {
  return new UnfitError(
    'This machine withholds CAP_SYS_RESOURCE, so the Docker daemon cannot start privileged containers, which kind needs',
    {
      next: `Register a wrapper around runc that drops it; Mettle carries one: add --install to the command.`,
    },
  );
}
