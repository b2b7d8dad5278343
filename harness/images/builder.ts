import { totalmem } from 'node:os';
import { UnfitError } from '#harness/core/errors.ts';
import { listed } from './bom.ts';
import type { ComponentName } from './bom.ts';
import type { MakeOptions } from './cache.ts';
import { buildImage } from './component-image.ts';
import { buildFolder, requireGo } from './go-build.ts';
import type { Go } from './go-build.ts';
import { buildNodeBase, buildNodeImage } from './node-image.ts';
import type { ArchiveSource } from './node-image.ts';
import { buildRootfs } from './rootfs.ts';
import type { Plan } from './plan.ts';
import type { Selection } from './selection.ts';
import { fetchWheel } from './wheel.ts';

/** Two compiles at once keep two cores busy while one of them links; each may take some GiB. */
const MEMORY_PER_COMPILE = 6 * 1024 ** 3;
const COMPILES_MAX = 2;
/** Each download also reads what it has fetched, which takes processor time. */
const DOWNLOADS_MAX = 4;

/** Runs work that weighs so much, when its turn comes. */
type Queue = <T>(weight: number, work: () => Promise<T>) => Promise<T>;

/** Lets only so many pieces of work run at once. Of those that wait the heaviest is next: it would be last to end. */
export function heaviestFirst(most: number): Queue {
  let running = 0;
  const waiting: { readonly weight: number; readonly start: () => void }[] = [];
  return async (weight, work) => {
    if (running >= most) {
      await new Promise<void>((start) => {
        waiting.push({ weight, start });
        waiting.sort((left, right) => right.weight - left.weight);
      });
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next.start();
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
  /** Builds the node image with the images of Kubernetes alone, and returns its reference. */
  readonly nodeBase: () => Promise<string>;
  /** Builds the node image of a selection and returns its reference. */
  readonly node: (selection: Selection) => Promise<string>;
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
  const compiling = heaviestFirst(most);
  const downloading = heaviestFirst(DOWNLOADS_MAX);
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
          downloading: (work) => downloading(spec.expected_s, work),
          compiling: (work) => compiling(spec.expected_s, work),
        });
      })(),
    ),
  );
  const rootfs = once((name) =>
    orStop(buildRootfs(name, listed(plan.bom.rootfs, name, 'rootfs'), plan.bom.debian, within)),
  );
  const wheel = once((name) => orStop(fetchWheel(name, listed(plan.bom.wheels, name, 'wheel'), within)));
  const sources = { folder, rootfs, wheel };
  const image = once((name: ComponentName) => orStop(buildImage(plan, name, sources, within)));
  const all: ArchiveSource = { ...sources, image };
  return {
    ...all,
    nodeBase: () => orStop(buildNodeBase(plan, all, within)),
    node: (selection) => orStop(buildNodeImage(plan, selection, all, within)),
  };
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
