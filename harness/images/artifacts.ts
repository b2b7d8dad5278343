import { join } from 'node:path';
import { InterruptedError, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { loadBom } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { allSettled, makeBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { present } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { holds } from './docker.ts';
import { findGo, requireGo } from './go-build.ts';
import { nodeRefs } from './node-image.ts';
import { imageRef, makePlan, MANIFESTS } from './plan.ts';
import type { ManifestSet, Plan } from './plan.ts';
import { pullNode, pullTools } from './pull.ts';

export type ImageSource = 'auto' | 'pull' | 'build';

/** Everything that a run needs and that does not come from the project's own sources. */
export interface Artifacts {
  /** Reference of the node image in Docker, with all stack images inside. */
  readonly node_image: string;
  /** Path of the program kind. */
  readonly kind: string;
  /** Path of the program k6 with Mettle's output. */
  readonly k6: string;
  /** References by which the node's containerd knows the images. */
  readonly images: Readonly<Record<ComponentName, string>>;
  /** Folders with the custom resource definitions of components. */
  readonly manifests: Readonly<Record<ManifestSet, string>>;
  /** Version of each component, for the record of a run. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface PrepareOptions {
  /** `auto` takes what is present, else pulls where a registry is given, else builds. */
  readonly mode: ImageSource;
  /** Host and path in front of the names of published images. */
  readonly registry?: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Where the host's programs and the manifests lie, whichever way they came. */
interface Tools {
  readonly kind: string;
  readonly k6: string;
  readonly manifests: Readonly<Record<ManifestSet, string>>;
}

/**
 * The plan for this machine. Its keys hold the toolchain that builds; where nothing is built, it is the one that
 * published images are built with.
 */
export async function currentPlan(mode: ImageSource): Promise<Plan> {
  const bom = await loadBom();
  const published = `go${bom.go} linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  if (mode === 'pull') return await makePlan(bom, published);
  const go = mode === 'build' ? await requireGo() : await findGo();
  return await makePlan(bom, go?.version ?? published);
}

function toolsIn(folder: string): Tools {
  return {
    kind: join(folder, 'bin/kind'),
    k6: join(folder, 'bin/k6'),
    manifests: { traefik: join(folder, 'manifests/traefik'), flagger: join(folder, 'manifests/flagger') },
  };
}

async function builtTools(plan: Plan): Promise<Tools | undefined> {
  const paths: Record<string, string> = {};
  for (const name of ['kind', 'k6', ...MANIFESTS]) {
    const path = await present('bin', plan.folders[name] ?? '');
    if (path === undefined) return undefined;
    paths[name] = path;
  }
  return toolsFrom((name) => paths[name] ?? '');
}

function toolsFrom(folder: (name: string) => string): Tools {
  return {
    kind: join(folder('kind'), 'bin/kind'),
    k6: join(folder('k6'), 'bin/k6'),
    manifests: { traefik: join(folder('traefik'), 'files'), flagger: join(folder('flagger'), 'files') },
  };
}

async function presentTools(plan: Plan): Promise<Tools | undefined> {
  const pulled = await present('tools', plan.tools);
  return pulled === undefined ? await builtTools(plan) : toolsIn(pulled);
}

/** Everything at once: what does not compile (Debian packages, downloads) goes on beside what does. */
async function build(plan: Plan, builder: Builder): Promise<Tools> {
  const names = ['kind', 'k6', ...MANIFESTS];
  await allSettled([
    // The longest compile first: what comes last has the machine to itself.
    ...['kubernetes', 'traefik', 'prometheus', ...names].map(builder.folder),
    ...Object.keys(plan.rootfs).map(builder.rootfs),
    builder.node(),
  ]);
  const folders = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await builder.folder(name)] as const)),
  );
  return toolsFrom((name) => folders[name] ?? '');
}

async function prepare(plan: Plan, options: PrepareOptions): Promise<Tools> {
  const { mode, registry, progress, signal } = options;
  const { node } = nodeRefs(plan);
  const within: MakeOptions = { progress, signal };
  let tools = await presentTools(plan);
  let have_node = await holds(node);
  if (tools && have_node) return tools;
  if (mode !== 'build' && registry !== undefined) {
    try {
      tools ??= toolsIn(await pullTools(plan, registry, within));
      if (!have_node) await pullNode(plan, registry, within);
      have_node = true;
    } catch (error) {
      if (mode === 'pull' || signal?.aborted) throw error;
      progress(`not to be pulled, so it is built: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (tools && have_node) return tools;
  if (mode === 'pull') throw new UnfitError('Images are not present here and no registry was given');
  return await build(plan, makeBuilder(plan, within));
}

/** Turns a failure that the person caused by stopping into the error that says so. */
export async function interruptible<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw new InterruptedError('Stopped while images were made ready', { cause: error });
    throw error;
  }
}

/**
 * Makes the node image, the host's programs and the manifests present, in the way asked for.
 * What is present is taken as it is; its names carry the key of what it was made of.
 * @throws UsageError when `pull` is asked for without a registry
 * @throws UnfitError when something cannot be pulled or built
 * @throws InterruptedError when the signal ends it
 */
export async function prepareArtifacts(options: PrepareOptions): Promise<Artifacts> {
  const { mode, registry, signal } = options;
  if (mode === 'pull' && registry === undefined) {
    throw new UsageError('--images pull needs a registry to pull from', {
      next: 'Add --registry PREFIX, the host and path that `mettle images push` published to.',
    });
  }
  return await interruptible(signal, async () => {
    const plan = await currentPlan(mode);
    return { ...describe(plan), ...(await prepare(plan, options)) };
  });
}

function describe(plan: Plan): Pick<Artifacts, 'node_image' | 'images' | 'versions'> {
  const versions = Object.entries(plan.bom.folders).map(([name, { version }]) => [name, version] as const);
  return {
    node_image: nodeRefs(plan).node,
    images: Object.fromEntries(Object.keys(plan.images).map((name) => [name, imageRef(plan, name)])),
    versions: Object.fromEntries(versions),
  };
}
