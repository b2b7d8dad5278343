import type { RunningCluster } from '#harness/cluster/types.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { readManifests } from '#harness/kube/manifests.ts';
import { alertmanager } from './alertmanager.ts';
import { chat } from './chat.ts';
import type { Component, StackContext } from './component.ts';
import { flagger } from './flagger.ts';
import { prometheus } from './prometheus.ts';
import { traefik } from './traefik.ts';

/** Every component, in no order: they are installed side by side. */
export const COMPONENTS: readonly Component[] = [traefik, flagger, prometheus, alertmanager, chat];

/** Budgets in seconds of the phases of an installation. */
export const STACK_BUDGET_S = { definitions: 30, ready: 90 } as const;

/** Seconds that each phase of an installation took. */
export interface StackTimes {
  readonly definitions_s: number;
  /** From the start of the installation until each component was ready. */
  readonly ready_s: Readonly<Record<string, number>>;
}

/** What an installation needs. */
export interface StackOptions {
  readonly cluster: RunningCluster;
  readonly artifacts: {
    /** Image references by component, as the node knows them. */
    readonly images: Readonly<Record<string, string>>;
    /** Folders with the definitions (CRDs) that components bring along. */
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

/**
 * Installs the whole stack: definitions first, then all components side by side, and waits until each is ready.
 * @throws UsageError for a manifest that is refused, DeadlineError for a component that does not become ready
 */
export async function installStack(options: StackOptions): Promise<StackTimes> {
  const { cluster, artifacts, progress, signal, alongside } = options;
  await using kube = kubeClient(cluster);
  const ctx: StackContext = { kube, artifacts, progress, ...(signal ? { signal } : {}) };
  const begun = performance.now();
  const elapsed_s = (): number => Math.round(performance.now() - begun) / 1000;
  progress('installing definitions');
  await installDefinitions(kube, Object.values(artifacts.manifests));
  const definitions_s = elapsed_s();
  progress(`installing ${COMPONENTS.map(({ name }) => name).join(', ')}`);
  const waiting = COMPONENTS.map(async (one) => {
    await one.install(ctx);
    await one.ready(ctx, STACK_BUDGET_S.ready);
    progress(`${one.name} is ready`);
    return [one.name, elapsed_s()] as const;
  });
  const [, ...ready] = await Promise.all([alongside?.(ctx), ...waiting]);
  return { definitions_s, ready_s: Object.fromEntries(ready) };
}

/** Records the Deployments and pods of every component until the result is closed. */
export async function observeStack(ctx: StackContext, recorder: Recorder): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const observers = await Promise.all(COMPONENTS.map((one) => one.observe(ctx, recorder)));
  for (const observer of observers) stack.use(observer);
  return stack.move();
}
