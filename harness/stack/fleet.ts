import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import { type Manifest, readManifests } from '#harness/kube/manifests.ts';
import type { Component, StackContext } from './component.ts';
import { type FleetChoice, fleetParts, FOR_FLEET, partManifest } from './fleet-parts.ts';
import { kustomization, kustomizationFiles, type RepositoryFiles, type ShopInGit } from './shop-git.ts';
import { shopManifests } from './shop-manifests.ts';
import { databaseProxy } from './toxiproxy.ts';

export { fleetParts } from './fleet-parts.ts';

/** Folder of the repository that Flux begins with: namespaces, volumes, and a Kustomization for each part. */
export const FLEET_PATH = 'clusters/mettle';

/** A cluster as a repository holds it. */
export interface Fleet extends FleetChoice {
  /** Folders with the definitions (CRDs) that components bring along, by their name in the bill of materials. */
  readonly definitions: Readonly<Record<string, string>>;
}

/** As Go's readers take it, who think that `on` and `no` are no texts. */
function textOf(manifests: readonly Manifest[]): string {
  return manifests
    .map(({ object }) => stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

/** A folder of files with the kustomization that names them. */
function folderOf(folder: string, files: Readonly<Record<string, readonly Manifest[]>>): RepositoryFiles {
  const texts = Object.entries(files).map(([name, manifests]) => [`${folder}/${name}`, textOf(manifests)]);
  return {
    ...Object.fromEntries(texts),
    [`${folder}/kustomization.yaml`]: kustomization(Object.keys(files)),
  };
}

/** The manifests by the name of the file that each was read from. */
function bySource(manifests: readonly Manifest[]): Readonly<Record<string, readonly Manifest[]>> {
  const groups = Map.groupBy(manifests, ({ position }) => basename(position.file));
  return Object.fromEntries([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function definitionFiles(folder: string, path: string | undefined): Promise<RepositoryFiles> {
  if (path === undefined) throw new UnfitError(`no definitions of ${folder} were made ready`);
  const read = await readManifests(path);
  const definitions = read.filter(({ object }) => object.kind === 'CustomResourceDefinition');
  const named = definitions.map((one) => [`${one.object.metadata.name}.yaml`, [one]] as const);
  return folderOf(`definitions/${folder}`, Object.fromEntries(named));
}

/** The objects of a kind, each once: several components may live in one namespace. */
function onceOf(kind: string, manifests: readonly Manifest[]): readonly Manifest[] {
  const found = new Map<string, Manifest>();
  for (const one of manifests.filter(({ object }) => object.kind === kind)) {
    const name = nameOf(one.object);
    const known = found.get(name);
    if (known !== undefined && !isDeepStrictEqual(known.object, one.object)) {
      throw new UsageError(`${name} is declared twice, and not in the same way`, { position: one.position });
    }
    found.set(name, one);
  }
  return [...found.values()].sort((a, b) => (nameOf(a.object) < nameOf(b.object) ? -1 : 1));
}

/**
 * Kinds that are not a part's own. Namespaces are shared, and secrets come from the sealed store. Volumes go ahead with the
 * namespaces: Flux applies volume and claim in one breath, and a claim that is looked at before its volume is known is
 * looked at again 15 s later (the resynchronisation of the volume controller).
 */
const APART = new Set(['Namespace', 'PersistentVolume', 'Secret']);

/** What a component installs in a fleet. Flux has other settings there. */
export async function componentManifests(ctx: StackContext, component: Component): Promise<Manifest[]> {
  return await component.manifests(ctx, component.name === 'flux' ? { ...FOR_FLEET } : {});
}

function ownFiles(name: string, manifests: readonly Manifest[]): RepositoryFiles {
  const own = manifests.filter(({ object }) => !APART.has(object.kind));
  return own.length === 0 ? {} : folderOf(`components/${name}`, bySource(own));
}

/** The folder of one component, as `fleetFiles` has it: what a commit changes that sets it up in another way. */
export async function componentFiles(ctx: StackContext, component: Component): Promise<RepositoryFiles> {
  return ownFiles(component.name, await componentManifests(ctx, component));
}

async function clusterFiles(
  ctx: StackContext,
  fleet: Fleet,
  installed: readonly Manifest[],
): Promise<RepositoryFiles> {
  const parts = fleetParts(fleet).map(async (part) => {
    return [`${part.name}.yaml`, [await partManifest(ctx, part, fleet.shop)]] as const;
  });
  const namespaces = [...installed, ...(await shopManifests(ctx, fleet.shop, ['namespace']))];
  const volumes = onceOf('PersistentVolume', installed);
  return folderOf(FLEET_PATH, {
    'namespaces.yaml': onceOf('Namespace', namespaces),
    ...(volumes.length > 0 ? { 'volumes.yaml': volumes } : {}),
    ...Object.fromEntries(await Promise.all(parts)),
  });
}

/**
 * The shop of a fleet under `apps/shop`, with the proxy before its database where there is one: what a commit changes that
 * ships a release. Throws as `kustomizationFiles`.
 */
export async function fleetShopFiles(ctx: StackContext, shop: ShopInGit): Promise<RepositoryFiles> {
  const { database = false, database_proxy = false } = shop;
  const proxy = database && database_proxy ? await databaseProxy(ctx) : [];
  const more = proxy.length > 0 ? { 'database-proxy.yaml': proxy } : {};
  return await kustomizationFiles(ctx, { ...shop, more: { ...more, ...shop.more } });
}

/**
 * The files of a repository that says what a whole cluster is: `definitions/`, `components/`, `apps/shop/` and, where Flux
 * begins, `clusters/mettle/`. They hold what the ordinary installation applies, object by object, but for Secrets: see
 * `sealedSecrets`. The same fleet gives the same files.
 * @throws UsageError when the shop needs a component that is not among them, or Flux is not
 * @throws UnfitError when definitions were not made ready
 */
export async function fleetFiles(ctx: StackContext, fleet: Fleet): Promise<RepositoryFiles> {
  const read = await Promise.all(
    fleet.components.map(async (component) => ({
      name: component.name,
      manifests: await componentManifests(ctx, component),
    })),
  );
  const components = read.map(({ name, manifests }) => ownFiles(name, manifests));
  const folders = new Set(fleet.components.flatMap(({ definitions }) => definitions));
  const definitions = [...folders].map((folder) => definitionFiles(folder, fleet.definitions[folder]));
  const all = [
    ...(await Promise.all(definitions)),
    ...components,
    await fleetShopFiles(ctx, fleet.shop),
    await clusterFiles(
      ctx,
      fleet,
      read.flatMap(({ manifests }) => manifests),
    ),
  ].flatMap((files) => Object.entries(files));
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}
