import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageVersion, listed } from './bom.ts';
import type { BillOfMaterials, ComponentName, ImageSpec } from './bom.ts';
import { type Bundle, bundleApp, ENTRY, nodeBinary } from './bundle.ts';
import { folderKey } from './go-build.ts';
import { digest, digestFiles, type Input, keyOf } from './key.ts';
import { LOCKS, PROJECT } from './places.ts';
import { rootfsKey } from './rootfs.ts';
import { wheelKey } from './wheel.ts';

/** Bumped when the way of making an image changes, so that images made before are not taken for today's. */
const IMAGE_FORMAT = 2;
const NODE_FORMAT = 2;

/** Images carry this name in front: a registry that never answers, so nothing foreign can be pulled in their place. */
export const IMAGE_PREFIX = 'localhost/mettle';

/** Everything that will be used, by the content it is made of. Nothing has been built yet. */
export interface Plan {
  readonly bom: BillOfMaterials;
  /** Names of cache entries: `<component>-<key>`. */
  readonly folders: Readonly<Record<string, string>>;
  readonly rootfs: Readonly<Record<string, string>>;
  readonly wheels: Readonly<Record<string, string>>;
  /** Tags of images: `<version>-<key>`. */
  readonly images: Readonly<Record<ComponentName, string>>;
  /** Bundled applications by image. */
  readonly apps: Readonly<Record<ComponentName, Bundle>>;
  /** Tag of the node image with the images of Kubernetes alone. */
  readonly node_base: string;
}

/** Go folders whose program of the same name the host runs. */
export const TOOLS = ['kind', 'k6'] as const;

/** Go folders with the definitions (CRDs) of a component. */
export function definitionFolders(bom: BillOfMaterials): readonly string[] {
  const tools: readonly string[] = TOOLS;
  const folders = Object.entries(bom.folders).filter(([, { files }]) => Object.keys(files).length > 0);
  return folders.map(([name]) => name).filter((name) => !tools.includes(name));
}

/** Images that every node holds, whatever is chosen: those of Kubernetes itself. */
export function kubernetesImages(bom: BillOfMaterials): readonly ComponentName[] {
  return [...new Set(Object.values(bom.kubeadm))];
}

/** The reference of a component's image, as Docker and the node's containerd know it. */
export function imageRef(plan: Plan, name: ComponentName): string {
  return `${IMAGE_PREFIX}/${name}:${listed(plan.images, name, 'image')}`;
}

/** Name of an image's archive in the cache. */
export function archiveName(plan: Plan, name: ComponentName): string {
  return `${name}-${listed(plan.images, name, 'image')}.tar`;
}

async function digestsOf(
  files: Readonly<Record<string, string>>,
  folder = LOCKS,
): Promise<Readonly<Record<string, string>>> {
  const digests = Object.entries(files).map(
    async ([path, source]) => [path, digest(await readFile(join(folder, source)))] as const,
  );
  return Object.fromEntries(await Promise.all(digests));
}

interface ImageInputs {
  readonly bom: BillOfMaterials;
  readonly folders: Readonly<Record<string, string>>;
  readonly rootfs: Readonly<Record<string, string>>;
  readonly wheels: Readonly<Record<string, string>>;
  /** Digests of the project's own files in an image, by their path there. */
  readonly files: Readonly<Record<ComponentName, Readonly<Record<string, string>>>>;
  readonly apps: Readonly<Record<string, Bundle>>;
  readonly node_version: string;
}

function imageKey(name: string, spec: ImageSpec, inputs: ImageInputs): string {
  if ('unbuildable' in spec) return keyOf({ format: IMAGE_FORMAT, name, upstream: spec.upstream });
  const base = spec.rootfs === undefined ? 'scratch' : listed(inputs.rootfs, spec.rootfs, 'rootfs');
  const common = { format: IMAGE_FORMAT, name, base, user: spec.user ?? '' };
  if ('folder' in spec) {
    return keyOf({
      ...common,
      folder: listed(inputs.folders, spec.folder, 'Go folder'),
      program: spec.program,
    });
  }
  if ('wheel' in spec) {
    return keyOf({ ...common, wheel: listed(inputs.wheels, spec.wheel, 'wheel'), program: spec.program });
  }
  if ('entrypoint' in spec) {
    const { entrypoint, env, stop_signal = '' } = spec;
    return keyOf({ ...common, entrypoint, env, stop_signal, files: listed(inputs.files, name, 'image') });
  }
  return keyOf({
    ...common,
    app: contentOf(listed(inputs.apps, name, 'application')),
    port: spec.port ?? 0,
    node_version: inputs.node_version,
    ...besides(spec, listed(inputs.files, name, 'image')),
  });
}

function contentOf(app: Bundle): Input {
  const modules = Object.entries(app).map(([file, text]) => [file, digest(text)] as const);
  const [only] = modules;
  return modules.length === 1 && only?.[0] === ENTRY ? only[1] : Object.fromEntries(modules);
}

/** Most applications are their module alone, and so are their keys. */
function besides(
  { env }: { readonly env: Input },
  files: Readonly<Record<string, string>>,
): Record<string, Input> {
  return {
    ...(Object.keys(files).length > 0 ? { files } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}

/**
 * Computes the content key of everything in the bill of materials.
 * @param go_version the toolchain that builds, or the one of the bill of materials where nothing is built
 */
export async function makePlan(bom: BillOfMaterials, go_version: string): Promise<Plan> {
  const folders: Record<string, string> = {};
  for (const [name, folder] of Object.entries(bom.folders)) {
    folders[name] = `${name}-${await folderKey(name, folder, go_version)}`;
  }
  const rootfs: Record<string, string> = {};
  for (const [name, spec] of Object.entries(bom.rootfs)) {
    rootfs[name] = `${name}-${await rootfsKey(name, spec, bom.debian)}`;
  }
  const wheels = Object.fromEntries(
    Object.entries(bom.wheels).map(([name, spec]) => [name, `${name}-${wheelKey(name, spec)}`]),
  );
  const apps: Record<string, Bundle> = {};
  const files: Record<string, Readonly<Record<string, string>>> = {};
  for (const [name, spec] of Object.entries(bom.images)) {
    if ('app' in spec) {
      apps[name] = await bundleApp(spec.app, spec.threads);
      files[name] = { ...(await digestsOf(spec.files)), ...(await digestsOf(spec.beside, PROJECT)) };
    } else if ('files' in spec) files[name] = await digestsOf(spec.files);
  }
  const node_version = (await nodeBinary()).version;
  const inputs = { bom, folders, rootfs, wheels, files, apps, node_version };
  const images: Record<string, string> = {};
  for (const [name, spec] of Object.entries(bom.images)) {
    images[name] = `${imageVersion(bom, spec)}-${imageKey(name, spec, inputs)}`;
  }
  const kubernetes = listed(bom.folders, 'kubernetes', 'Go folder').version;
  const own_images = kubernetesImages(bom).map((name) => [name, listed(images, name, 'image')] as const);
  const base_key = keyOf({
    format: NODE_FORMAT,
    rootfs: listed(rootfs, 'node', 'rootfs'),
    programs: ['kubernetes', 'kind', 'runc-fit'].map((name) => listed(folders, name, 'Go folder')),
    files: await digestFiles(join(LOCKS, 'node'), () => true),
    images: Object.fromEntries(own_images),
    kubeadm: bom.kubeadm,
  });
  return {
    bom,
    folders,
    rootfs,
    wheels,
    images,
    apps,
    node_base: `${kubernetes}-${base_key}`,
  };
}
