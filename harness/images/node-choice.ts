import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '#harness/process/paths.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { inspectLabels, localImages } from './docker.ts';
import { IMAGE_PREFIX, imageRef } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Selection } from './selection.ts';

/** Says that a node image was put together on the one that kind's makers publish: it is for this machine alone. */
export const UPSTREAM_LABEL = 'mettle.dev/upstream';
/** Say which node image without components a node image stands on, and which images of components it holds. */
const BASE_LABEL = 'mettle.dev/base';
const IMAGES_LABEL = 'mettle.dev/images';

/** Repositories of node images: with all that a selection needs, and without Mettle's own applications. */
const NODE = `${IMAGE_PREFIX}/node`;
const STACK = `${IMAGE_PREFIX}/node-stack`;

/** Node images beyond these are pruned, those used least recently first. */
const KEPT_MAX = 4;

/** Whether Docker holds a node image that was put together from Mettle's own images alone. */
export async function holdsOwn(ref: string): Promise<boolean> {
  const labels = (await inspectLabels([ref])).get(ref);
  return labels?.[CONTENT_LABEL] === ref && labels[UPSTREAM_LABEL] !== 'true';
}

/** Whether a reference names a node image of a selection. */
export function isNode(ref: string): boolean {
  return [NODE, STACK].some((repository) => ref.startsWith(`${repository}:`));
}

export interface NodeContent {
  readonly base: string;
  readonly images: readonly string[];
}

/** A node image that Docker holds, and what its labels say. */
export interface NodeImage {
  readonly ref: string;
  readonly base: string;
  /** References of the images of components in it. */
  readonly images: ReadonlySet<string>;
  readonly upstream: boolean;
}

/** Reference of the node image with the images of Kubernetes alone. */
export function nodeBaseRef(plan: Plan): string {
  return `${IMAGE_PREFIX}/node-base:${plan.node_base}`;
}

/** References of the node image of a selection, and of the one below it without Mettle's own applications. */
export function nodeRefs(selection: Selection): { readonly stack: string; readonly node: string } {
  return { stack: `${STACK}:${selection.stack}`, node: `${NODE}:${selection.node}` };
}

export function contentLabels({ base, images }: NodeContent): Readonly<Record<string, string>> {
  return { [BASE_LABEL]: base, [IMAGES_LABEL]: images.toSorted().join(' ') };
}

async function nodeImages(repository: string): Promise<readonly NodeImage[]> {
  const found: NodeImage[] = [];
  for (const [ref, labels] of await inspectLabels(await localImages(repository))) {
    if (labels[CONTENT_LABEL] !== ref) continue;
    found.push({
      ref,
      base: labels[BASE_LABEL] ?? '',
      images: new Set((labels[IMAGES_LABEL] ?? '').split(' ').filter(Boolean)),
      upstream: labels[UPSTREAM_LABEL] === 'true',
    });
  }
  return found;
}

/** Node images without Mettle's own applications that Docker holds. */
export async function stackImages(): Promise<readonly NodeImage[]> {
  return await nodeImages(STACK);
}

/** The largest of these that stands on the base and holds nothing but what is wanted. */
export function largestWithin(
  present: readonly NodeImage[],
  base: string,
  wanted: ReadonlySet<string>,
): NodeImage | undefined {
  const fitting = present.filter(
    (node) => !node.upstream && node.base === base && node.images.isSubsetOf(wanted),
  );
  return fitting.toSorted((left, right) => right.images.size - left.images.size)[0];
}

/** The smallest of these that stands on the base and holds all that is wanted. */
export function smallestAround(
  present: readonly NodeImage[],
  base: string,
  wanted: ReadonlySet<string>,
): NodeImage | undefined {
  const fitting = present.filter((node) => node.base === base && node.images.isSupersetOf(wanted));
  return fitting.toSorted((left, right) => left.images.size - right.images.size)[0];
}

/**
 * A node image that Docker holds and that serves a selection: its own, else one that holds more.
 * @param built whether one that others' images went into will not do
 */
export async function presentNode(
  plan: Plan,
  selection: Selection,
  built: boolean,
): Promise<string | undefined> {
  const wanted = new Set([...selection.early, ...selection.late].map((name) => imageRef(plan, name)));
  const present = (await nodeImages(NODE)).filter(({ upstream }) => !(built && upstream));
  return smallestAround(present, nodeBaseRef(plan), wanted)?.ref;
}

const USES = 'used';

function useFile(ref: string): string {
  return join(cacheDir(), USES, ref.slice(ref.lastIndexOf(':') + 1));
}

/** Remembers that a node image is in use now. */
export async function rememberUse(ref: string): Promise<void> {
  const file = useFile(ref);
  await mkdir(join(cacheDir(), USES), { recursive: true });
  await writeFile(file, '');
  const now = new Date();
  await utimes(file, now, now);
}

async function usedAt_ms(ref: string): Promise<number> {
  try {
    return (await stat(useFile(ref))).mtimeMs;
  } catch {
    return 0;
  }
}

/** Forgets when node images were used that are gone. */
export async function forgetUses(gone: readonly string[]): Promise<void> {
  for (const ref of gone) await rm(useFile(ref), { force: true });
}

/**
 * Node images that need not be kept: those that hold something which the bill of materials has left behind, and of the
 * others all but the few used most recently.
 * @param current references of all images that the plans of today name
 * @param bases references of the node images that these plans stand on
 * @param unused_s how long nobody may have used an image that is named; another run may be about to start it
 */
export async function nodesToRemove(
  current: ReadonlySet<string>,
  bases: ReadonlySet<string>,
  unused_s: number,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const repository of [NODE, STACK]) {
    const images = await nodeImages(repository);
    const dated = await Promise.all(
      images.map(async (node) => ({ ...node, used_ms: await usedAt_ms(node.ref) })),
    );
    const fresh = dated.filter((node) => bases.has(node.base) && node.images.isSubsetOf(current));
    const latest = fresh.toSorted((left, right) => right.used_ms - left.used_ms).slice(0, KEPT_MAX);
    const kept = new Set(latest.map(({ ref }) => ref));
    const before_ms = Date.now() - unused_s * 1000;
    removed.push(
      ...dated.filter((node) => !kept.has(node.ref) && node.used_ms <= before_ms).map(({ ref }) => ref),
    );
  }
  return removed;
}
