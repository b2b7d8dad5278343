import type { Progress } from '#harness/core/progress.ts';
import { currentPlan, interruptible } from './artifacts.ts';
import { buildable, imageOf, listed, loadBom, mainName } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { allSettled, makeBuilder } from './builder.ts';
import { present, pruneCache } from './cache.ts';
import { nodeLayerName } from './component-image.ts';
import { holds, localImages, removeImages } from './docker.ts';
import { forgetUses, isNode, nodeBaseRef, nodesToRemove } from './node-choice.ts';
import type { Shelf } from './places.ts';
import { archiveName, definitionFolders, IMAGE_PREFIX, imageRef } from './plan.ts';
import type { Wanted } from './selection.ts';

export interface ManageOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Builds parts of the bill of materials alone: Go folders, images, or `node`, which has the images of Kubernetes alone.
 * @returns where each lies, or its reference in Docker, by name
 * @throws UsageError for a name that the bill of materials does not have
 */
export async function buildComponents(
  names: readonly string[],
  options: ManageOptions,
): Promise<Readonly<Record<string, string>>> {
  const { progress, signal } = options;
  const plan = await currentPlan('build');
  const builder = makeBuilder(plan, { progress, signal });
  const makers: Record<string, () => Promise<string>> = { node: builder.nodeBase };
  for (const name of Object.keys(plan.folders)) makers[name] = () => builder.folder(name);
  for (const name of Object.keys(plan.images)) makers[name] = () => builder.image(name);
  const chosen = names.map((name) => [name, listed(makers, name, 'part')] as const);
  const built: Record<string, string> = {};
  await interruptible(signal, () =>
    allSettled(
      chosen.map(async ([name, make]) => {
        built[name] = await make();
      }),
    ),
  );
  return built;
}

/**
 * What the named images need, with the definitions of their Go folders. Where none is named: of all that can be built, or of
 * the first version of each alone, which is what runs take that choose none.
 * @throws UsageError for a name that the bill of materials does not have
 */
export async function wantedFor(
  names: readonly ComponentName[],
  { firstVersions = false }: { readonly firstVersions?: boolean } = {},
): Promise<Wanted> {
  const bom = await loadBom();
  const foldersOf = (images: readonly ComponentName[]): ReadonlySet<string> =>
    new Set(
      images.map((name) => imageOf(bom, name)).flatMap((spec) => ('folder' in spec ? [spec.folder] : [])),
    );
  const definitions = definitionFolders(bom);
  if (names.length > 0) {
    const own = foldersOf(names);
    return { images: names, definitions: definitions.filter((name) => own.has(name)) };
  }
  const all = buildable(bom);
  const left_out = firstVersions ? all.filter((name) => mainName(name, imageOf(bom, name)) !== name) : [];
  const without = foldersOf(left_out);
  return {
    images: all.filter((name) => !left_out.includes(name)),
    definitions: definitions.filter((name) => !without.has(name)),
  };
}

/** One part of the bill of materials and whether it is ready here. */
export interface ListedArtifact {
  readonly kind: 'programs' | 'root file system' | 'image' | 'node image';
  readonly name: string;
  readonly version: string;
  readonly key: string;
  readonly present: boolean;
}

/** What the bill of materials names, with its content key on this machine, and what of it is present. */
export async function listArtifacts(): Promise<readonly ListedArtifact[]> {
  const plan = await currentPlan('auto');
  const rows: ListedArtifact[] = [];
  for (const [name, entry] of Object.entries(plan.folders)) {
    const version = plan.bom.folders[name]?.version ?? '';
    rows.push({ kind: 'programs', name, version, key: keyIn(entry), present: await on('bin', entry) });
  }
  for (const [name, entry] of Object.entries(plan.rootfs)) {
    const version = plan.bom.debian;
    rows.push({
      kind: 'root file system',
      name,
      version,
      key: keyIn(entry),
      present: await on('rootfs', entry),
    });
  }
  for (const [name, entry] of Object.entries(plan.wheels)) {
    const version = plan.bom.wheels[name]?.version ?? '';
    rows.push({ kind: 'programs', name, version, key: keyIn(entry), present: await on('bin', entry) });
  }
  for (const [name, tag] of Object.entries(plan.images)) {
    const here = await on('images', archiveName(plan, name));
    rows.push({
      kind: 'image',
      name,
      version: tag.slice(0, tag.lastIndexOf('-')),
      key: keyIn(tag),
      present: here,
    });
  }
  const node = nodeBaseRef(plan);
  const version = plan.bom.folders['kubernetes']?.version ?? '';
  rows.push({ kind: 'node image', name: 'node', version, key: keyIn(node), present: await holds(node) });
  return rows;
}

function keyIn(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

async function on(shelf: Shelf, name: string): Promise<boolean> {
  return (await present(shelf, name)) !== undefined;
}

/**
 * Removes from the cache and from Docker what the present bill of materials does not name, and node images of
 * selections that have not been used for long.
 * @returns what was removed, or would be
 */
export async function pruneArtifacts(options: { readonly dry_run: boolean }): Promise<readonly string[]> {
  const plans = [await currentPlan('auto'), await currentPlan('pull')];
  const keep: Record<Shelf, Set<string>> = {
    bin: new Set(),
    rootfs: new Set(),
    images: new Set([await nodeLayerName()]),
    tools: new Set(),
  };
  const bases = new Set<string>();
  const current = new Set<string>();
  for (const plan of plans) {
    for (const entry of [...Object.values(plan.folders), ...Object.values(plan.wheels)]) {
      keep.bin.add(entry);
      keep.tools.add(entry);
    }
    for (const entry of Object.values(plan.rootfs)) keep.rootfs.add(entry);
    for (const name of Object.keys(plan.images)) {
      keep.images.add(archiveName(plan, name));
      current.add(imageRef(plan, name));
    }
    bases.add(nodeBaseRef(plan));
  }
  const removed = await pruneCache(keep, options.dry_run);
  const nodes = await nodesToRemove(current, bases, 0);
  const others = (await localImages(`${IMAGE_PREFIX}/*`)).filter((ref) => !isNode(ref) && !bases.has(ref));
  if (!options.dry_run) {
    await removeImages([...nodes, ...others]);
    await forgetUses(nodes);
  }
  return [...removed, ...nodes, ...others];
}
