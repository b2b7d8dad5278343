import { UsageError } from '#harness/core/errors.ts';
import { imageVersion, listed, loadBom, mainName } from './bom.ts';
import type { BillOfMaterials, ComponentName } from './bom.ts';
import { keyOf } from './key.ts';
import { definitionFolders, kubernetesImages } from './plan.ts';
import type { Plan } from './plan.ts';

/** What a run needs of the bill of materials. */
export interface Wanted {
  /** Images that its components run, by name; those of Kubernetes come by themselves. */
  readonly images: readonly ComponentName[];
  /** Go folders whose definitions (CRDs) its components bring along. */
  readonly definitions: readonly string[];
  /** Versions other than the first one locked, by image name. */
  readonly versions?: Readonly<Record<ComponentName, string>>;
}

/** What is wanted, in terms of the bill of materials. Nothing in it depends on what is not wanted. */
export interface Selection {
  /** The image of the bill of materials that stands for each name. */
  readonly images: Readonly<Record<ComponentName, ComponentName>>;
  /** The Go folder that stands for each folder of definitions. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Images that a node must hold beside those of Kubernetes, in two lots: the second changes with Mettle's sources. */
  readonly early: readonly ComponentName[];
  readonly late: readonly ComponentName[];
  /** Tags of the node image with the first lot, and with both. */
  readonly stack: string;
  readonly node: string;
}

/** Names of the images that are versions of one component, by version. */
function versionsOf(bom: BillOfMaterials, name: ComponentName): ReadonlyMap<string, ComponentName> {
  const own = Object.entries(bom.images).filter(
    ([image, spec]) => mainName(image, spec) === name && !('app' in spec),
  );
  return new Map(own.map(([image, spec]) => [imageVersion(bom, spec), image]));
}

/**
 * The image that is the given version of a component.
 * @throws UsageError naming the versions that are locked
 */
function imageOfVersion(bom: BillOfMaterials, name: ComponentName, version: string): ComponentName {
  const locked = versionsOf(bom, name);
  const image = locked.get(version);
  if (image !== undefined) return image;
  if (locked.size > 0) {
    throw new UsageError(`${name} ${version} is not locked`, {
      next: `Locked versions of ${name}: ${[...locked.keys()].join(', ')}.`,
    });
  }
  const names = Object.entries(bom.images).map(([image_name, spec]) => mainName(image_name, spec));
  throw new UsageError(
    `No version of ${name} can be chosen: the bill of materials has no image of this name`,
    {
      next: `It has ${[...new Set(names)].join(', ')}.`,
    },
  );
}

/**
 * The versions of a component that are locked; the first is the one taken where none is named.
 * @throws UsageError when there is no such image
 */
export async function lockedVersions(name: ComponentName): Promise<readonly string[]> {
  const bom = await loadBom();
  listed(bom.images, name, 'image');
  return [...versionsOf(bom, name).keys()];
}

/**
 * Chooses what a run needs.
 * @throws UsageError for a name that the bill of materials does not have, a version that is not locked, or a version of
 * something that is not wanted
 */
export function select(plan: Plan, wanted: Wanted): Selection {
  const { bom } = plan;
  const { versions = {} } = wanted;
  const images: Record<ComponentName, ComponentName> = {};
  for (const name of [...kubernetesImages(bom), ...wanted.images]) {
    listed(bom.images, name, 'image');
    const version = Object.hasOwn(versions, name) ? versions[name] : undefined;
    images[name] = version === undefined ? name : imageOfVersion(bom, name, version);
  }
  for (const [name, version] of Object.entries(versions)) {
    imageOfVersion(bom, name, version);
    if (name in images) continue;
    throw new UsageError(`${name} ${version} is asked for, but nothing that was chosen needs ${name}`, {
      next: `Name a part that runs ${name}, or leave out its version.`,
    });
  }
  const definitions = Object.fromEntries(
    wanted.definitions.map((folder) => [folder, definitionsOfVersion(bom, folder, images)]),
  );
  const own = new Set(kubernetesImages(bom).map((name) => images[name]));
  const chosen = [...new Set(Object.values(images))].filter((name) => !own.has(name)).sort();
  const late = chosen.filter((name) => bom.loaded_last.includes(name));
  const early = chosen.filter((name) => !late.includes(name));
  return { images, definitions, early, late, ...nodeTags(plan, early, late) };
}

/** The folder whose definitions belong to the chosen version of the image that the named folder builds. */
function definitionsOfVersion(
  bom: BillOfMaterials,
  folder: string,
  images: Readonly<Record<ComponentName, ComponentName>>,
): string {
  const folders = Object.fromEntries(definitionFolders(bom).map((name) => [name, name]));
  listed(folders, folder, 'folder of definitions');
  for (const [name, image] of Object.entries(images)) {
    const [main, chosen] = [bom.images[name], bom.images[image]];
    if (main === undefined || chosen === undefined || !('folder' in main) || !('folder' in chosen)) continue;
    if (main.folder === folder) return listed(folders, chosen.folder, 'folder of definitions');
  }
  return folder;
}

function nodeTags(
  plan: Plan,
  early: readonly ComponentName[],
  late: readonly ComponentName[],
): Pick<Selection, 'stack' | 'node'> {
  const tags = (names: readonly ComponentName[]) =>
    Object.fromEntries(names.map((name) => [name, listed(plan.images, name, 'image')]));
  const stack_key = keyOf({ base: plan.node_base, images: tags(early) });
  const node_key = keyOf({ stack_key, images: tags(late) });
  const kubernetes = listed(plan.bom.folders, 'kubernetes', 'Go folder').version;
  return { stack: `${kubernetes}-${stack_key}`, node: `${kubernetes}-${node_key}` };
}
