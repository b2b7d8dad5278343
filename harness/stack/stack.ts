import type { RunningCluster } from '#harness/cluster/types.ts';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { readManifests } from '#harness/kube/manifests.ts';
import type { Component, StackContext } from './component.ts';
import { REGISTRY } from './registry.ts';

/** Budgets in seconds of the phases of an installation. */
export const STACK_BUDGET_S = { definitions: 30, ready: 90 } as const;

/** Seconds that each phase of an installation took. */
export interface StackTimes {
  /** From the start of the installation until all definitions were served. */
  readonly definitions_s: number;
  /** From the start of the installation until each component was ready. */
  readonly ready_s: Readonly<Record<string, number>>;
}

/** What an installation needs. */
export interface StackOptions {
  readonly cluster: RunningCluster;
  /** What to install: `resolveComponents` chooses. */
  readonly components: readonly Component[];
  readonly artifacts: {
    /** Image references by image name, as the node knows them. */
    readonly images: Readonly<Record<string, string>>;
    /** Folders with the definitions (CRDs) that components bring along, by their name in the bill of materials. */
    readonly manifests: Readonly<Record<string, string>>;
  };
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Work that only needs the definitions, done beside the rest: a shop need not wait for the stack to be ready. */
  readonly alongside?: (ctx: StackContext) => Promise<void>;
}

/** Installs the definitions (CRDs) of the given folders and waits until they are served. */
export async function installDefinitions(kube: KubeClient, folders: readonly string[]): Promise<void> {
  const read = await Promise.all(folders.map((folder) => readManifests(folder)));
  const definitions = read.flat().filter(({ object }) => object.kind === 'CustomResourceDefinition');
  await kube.apply(definitions, { deadline_s: STACK_BUDGET_S.definitions });
}

/** Definitions by folder; those that several components bring along are installed once. */
function definitionsInstaller(
  kube: KubeClient,
  manifests: Readonly<Record<string, string>>,
): (folders: readonly string[]) => Promise<void> {
  const begun = new Map<string, Promise<void>>();
  const one = (name: string): Promise<void> => {
    const folder = manifests[name];
    if (folder === undefined) {
      throw new UnfitError(
        `no definitions of ${name} were made ready; there are ${Object.keys(manifests).join(', ') || 'none'}`,
      );
    }
    return installDefinitions(kube, [folder]);
  };
  return async (folders) => {
    const work = folders.map((name) => {
      const installed = begun.get(name) ?? one(name);
      begun.set(name, installed);
      return installed;
    });
    await Promise.all(work);
  };
}

/**
 * Installs components side by side, each as soon as its own definitions are served, and waits until all are ready.
 * The first failure stops the others' waiting.
 * @throws UsageError for a manifest that is refused, DeadlineError for a component that does not become ready,
 *   UnfitError for one that cannot become ready
 */
export async function installStack(options: StackOptions): Promise<StackTimes> {
  const { cluster, components, artifacts, progress, signal, alongside } = options;
  await using kube = kubeClient(cluster);
  const failed = new AbortController();
  const until = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const names = components.map(({ name }) => name);
  const ctx: StackContext = { kube, artifacts, components: names, progress, signal: until };
  const begun = performance.now();
  const elapsed_s = (): number => Math.round(performance.now() - begun) / 1000;
  const define = definitionsInstaller(kube, artifacts.manifests);
  const awaited = new Set(names);
  progress(`installing ${names.join(', ')}`);
  const defined = define(components.flatMap(({ definitions }) => definitions)).then(elapsed_s);
  const waiting = components.map(async (one) => {
    await define(one.definitions);
    await one.install(ctx);
    await one.ready(ctx, STACK_BUDGET_S.ready);
    awaited.delete(one.name);
    progress(
      awaited.size === 0
        ? `${one.name} is ready`
        : `${one.name} is ready; awaited: ${[...awaited].join(', ')}`,
    );
    return [one.name, elapsed_s()] as const;
  });
  const beside = defined.then(() => alongside?.(ctx));
  try {
    const [definitions_s, , ...ready] = await Promise.all([defined, beside, ...waiting]);
    return { definitions_s, ready_s: Object.fromEntries(ready) };
  } catch (error) {
    failed.abort();
    // The others are about to end because of the first; only then is nothing of this installation under way.
    await Promise.allSettled([defined, beside, ...waiting]);
    throw error;
  }
}

/** Records the workloads and pods of components until the result is closed; of all on this cluster unless said. */
export async function observeStack(
  ctx: StackContext,
  recorder: Recorder,
  components: readonly Component[] = ctx.components.map((name) => REGISTRY[name]),
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const observers = await Promise.all(components.map((one) => one.observe(ctx, recorder)));
  for (const observer of observers) stack.use(observer);
  return stack.move();
}

/** What every component has to say when something does not work, by `<component>/<file>`; it never throws. */
export async function dumpStack(
  ctx: StackContext,
  components: readonly Component[],
): Promise<Readonly<Record<string, string>>> {
  const dumps = components.map(async (one) => {
    const files = await one.dump(ctx).catch((error: unknown) => ({ 'dump-failed.txt': messageOf(error) }));
    return Object.entries(files).map(([file, text]) => [`${one.name}/${file}`, text] as const);
  });
  return Object.fromEntries((await Promise.all(dumps)).flat());
}
