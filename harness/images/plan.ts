import { join } from 'node:path';
import { imageVersion, listed } from './bom.ts';
import type { BillOfMaterials, ComponentName, ImageSpec } from './bom.ts';
import { bundleApp, nodeBinary } from './bundle.ts';
import { folderKey } from './go-build.ts';
import { digest, digestFiles, keyOf } from './key.ts';
import { LOCKS } from './places.ts';
import { rootfsKey } from './rootfs.ts';

/** Bumped when the way of making an image changes, so that images made before are not taken for today's. */
const IMAGE_FORMAT = 2;
const NODE_FORMAT = 1;

/** Images carry this name in front: a registry that never answers, so nothing foreign can be pulled in their place. */
export const IMAGE_PREFIX = 'localhost/mettle';

/** Everything that will be used, by the content it is made of. Nothing has been built yet. */
export interface Plan {
  readonly bom: BillOfMaterials;
  /** Names of cache entries: `<component>-<key>`. */
  readonly folders: Readonly<Record<string, string>>;
  readonly rootfs: Readonly<Record<string, string>>;
  /** Tags of images: `<version>-<key>`. */
  readonly images: Readonly<Record<ComponentName, string>>;
  /** Bundled applications by image. */
  readonly apps: Readonly<Record<ComponentName, string>>;
  /** Tag of the node image without what changes with Mettle's own sources, and with it. */
  readonly node_base: string;
  readonly node: string;
  /** Tag of the image that carries the host's programs and the manifests, and name of their cache entry. */
  readonly tools: string;
}

/** Go folders whose programs or files the host uses. */
export const TOOLS = ['kind', 'k6'] as const;
export const MANIFESTS = ['traefik', 'flagger'] as const;
export type ManifestSet = (typeof MANIFESTS)[number];

/** The reference of a component's image, as Docker and the node's containerd know it. */
export function imageRef(plan: Plan, name: ComponentName): string {
  return `${IMAGE_PREFIX}/${name}:${listed(plan.images, name, 'image')}`;
}

/** Name of an image's archive in the cache. */
export function archiveName(plan: Plan, name: ComponentName): string {
  return `${name}-${listed(plan.images, name, 'image')}.tar`;
}

interface ImageInputs {
  readonly bom: BillOfMaterials;
  readonly folders: Readonly<Record<string, string>>;
  readonly rootfs: Readonly<Record<string, string>>;
  readonly apps: Readonly<Record<string, string>>;
  readonly node_version: string;
}

function imageKey(name: string, spec: ImageSpec, inputs: ImageInputs): string {
  const base = spec.rootfs === undefined ? 'scratch' : listed(inputs.rootfs, spec.rootfs, 'rootfs');
  const common = { format: IMAGE_FORMAT, name, base, user: spec.user ?? '' };
  if ('folder' in spec) {
    return keyOf({
      ...common,
      folder: listed(inputs.folders, spec.folder, 'Go folder'),
      program: spec.program,
    });
  }
  const app = digest(listed(inputs.apps, name, 'application'));
  return keyOf({ ...common, app, port: spec.port, node_version: inputs.node_version });
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
  const apps: Record<string, string> = {};
  for (const [name, spec] of Object.entries(bom.images)) {
    if ('app' in spec) apps[name] = await bundleApp(spec.app);
  }
  const inputs = { bom, folders, rootfs, apps, node_version: (await nodeBinary()).version };
  const images: Record<string, string> = {};
  for (const [name, spec] of Object.entries(bom.images)) {
    images[name] = `${imageVersion(bom, spec)}-${imageKey(name, spec, inputs)}`;
  }
  const kubernetes = listed(bom.folders, 'kubernetes', 'Go folder').version;
  const early = Object.entries(images).filter(([name]) => !bom.loaded_last.includes(name));
  const base_key = keyOf({
    format: NODE_FORMAT,
    rootfs: listed(rootfs, 'node', 'rootfs'),
    programs: ['kubernetes', 'kind', 'runc-fit'].map((name) => listed(folders, name, 'Go folder')),
    files: await digestFiles(join(LOCKS, 'node'), () => true),
    images: Object.fromEntries(early),
    kubeadm: bom.kubeadm,
  });
  const node_key = keyOf({ base_key, images });
  const tools_key = keyOf([...TOOLS, ...MANIFESTS].map((name) => listed(folders, name, 'Go folder')));
  return {
    bom,
    folders,
    rootfs,
    images,
    apps,
    node_base: `${kubernetes}-${base_key}`,
    node: `${kubernetes}-${node_key}`,
    tools: tools_key,
  };
}
