import { totalmem } from 'node:os';
import { UnfitError } from '#harness/core/errors.ts';
import { listed } from './bom.ts';
import type { ComponentName } from './bom.ts';
import type { MakeOptions } from './cache.ts';
import { buildImage } from './component-image.ts';
import { buildFolder, requireGo } from './go-build.ts';
import type { Go } from './go-build.ts';
import { buildNodeImage } from './node-image.ts';
import type { ArchiveSource } from './node-image.ts';
import { buildRootfs } from './rootfs.ts';
import type { Plan } from './plan.ts';

/** Two compiles at once keep two cores busy while one of them links; each may take some GiB. */
const MEMORY_PER_COMPILE = 6 * 1024 ** 3;
const COMPILES_MAX = 2;

/** Lets only so many pieces of work run at once; the others wait in order. */
function limiter(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Keeps the promise of each name, so that what several need is made once. */
function once<T>(make: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (name) => {
    const known = made.get(name);
    if (known) return known;
    const promise = make(name);
    made.set(name, promise);
    return promise;
  };
}

export interface Builder extends ArchiveSource {
  /** Builds the node image and returns its reference. */
  readonly node: () => Promise<string>;
}

/**
 * Builds parts of a plan on demand, each once, out of the cache where it holds them.
 * The first failure stops the work that is still going on.
 */
export function makeBuilder(plan: Plan, options: MakeOptions): Builder {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const within: MakeOptions = { progress: options.progress, signal };
  const most = Math.max(1, Math.min(COMPILES_MAX, Math.floor(totalmem() / MEMORY_PER_COMPILE)));
  const compiling = limiter(most);
  const go = once((): Promise<Go> => requireGo());

  async function orStop<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!stop.signal.aborted) stop.abort(error);
      throw error;
    }
  }

  const folder = once((name) =>
    orStop(
      (async () => {
        const spec = listed(plan.bom.folders, name, 'Go folder');
        const entry = listed(plan.folders, name, 'Go folder');
        const toolchain = await go('go');
        return await buildFolder(name, spec, toolchain, {
          ...within,
          key: entry.slice(name.length + 1),
          compiling,
        });
      })(),
    ),
  );
  const rootfs = once((name) =>
    orStop(buildRootfs(name, listed(plan.bom.rootfs, name, 'rootfs'), plan.bom.debian, within)),
  );
  const sources = { folder, rootfs };
  const image = once((name: ComponentName) => orStop(buildImage(plan, name, sources, within)));
  const all: ArchiveSource = { folder, rootfs, image };
  return { ...all, node: () => orStop(buildNodeImage(plan, all, within)) };
}

/** Settles all, so that nothing goes on behind the caller's back, then throws the first failure in time. */
export async function allSettled(work: readonly Promise<unknown>[]): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  await Promise.all(
    work.map((promise) =>
      promise.catch((error: unknown) => {
        first ??= { error };
      }),
    ),
  );
  if (first) throw first.error instanceof Error ? first.error : new UnfitError(String(first.error));
}
