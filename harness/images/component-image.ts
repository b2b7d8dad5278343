import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { packLayer, writeArchive } from './archive.ts';
import type { ImageConfig } from './archive.ts';
import { imageOf } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { ENTRY, nodeBinary } from './bundle.ts';
import { obtain } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { LOCKS, PROJECT, shelf } from './places.ts';
import { archiveName, imageRef } from './plan.ts';
import type { Plan } from './plan.ts';

/** Label with the tag that an image was made for: who pulls it can tell that it is what the lock names. */
export const CONTENT_LABEL = 'mettle.dev/content';

/** Where an image's parts come from, built on demand. */
export interface PartSource {
  /** Folder of what a Go folder builds. */
  readonly folder: (name: string) => Promise<string>;
  /** Folder of a root file system. */
  readonly rootfs: (name: string) => Promise<string>;
  /** Folder of the programs of a wheel. */
  readonly wheel: (name: string) => Promise<string>;
}

async function stageProgram(stage: string, from: string, name: string): Promise<string> {
  await mkdir(join(stage, 'usr/local/bin'), { recursive: true });
  const path = join('usr/local/bin', name);
  await copyFile(from, join(stage, path));
  await chmod(join(stage, path), 0o755);
  return `/${path}`;
}

/** Name of the cache entry with the Node binary as a layer. */
export async function nodeLayerName(): Promise<string> {
  return `node-binary-${(await nodeBinary()).version}-${process.arch}.layer`;
}

/** Several images share the Node binary: as a layer of its own it is stored once on the node. */
async function nodeLayer(options: MakeOptions): Promise<string> {
  const { path } = await nodeBinary();
  return await obtain(
    'images',
    await nodeLayerName(),
    async (layer) => {
      await withStage(async (stage) => {
        await stageProgram(stage, path, 'node');
        await packLayer(stage, layer, options.signal);
      });
    },
    options,
  );
}

async function withStage<T>(work: (stage: string) => Promise<T>): Promise<T> {
  await mkdir(shelf('images'), { recursive: true });
  const stage = await mkdtemp(join(shelf('images'), '.unfinished-stage-'));
  try {
    await chmod(stage, 0o755);
    return await work(stage);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** @throws UnfitError for an image that only a registry has */
function buildableSpec(plan: Plan, name: ComponentName) {
  const spec = imageOf(plan.bom, name);
  if (!('unbuildable' in spec)) return spec;
  throw new UnfitError(`${name} ${spec.version} cannot be built here: ${spec.unbuildable}`, {
    next: `Use --images pull with a registry that has it, or ${spec.instead}.`,
  });
}

/** Puts what is an image's own into its stage, and says how a container of it starts. */
async function stageImage(
  stage: string,
  plan: Plan,
  name: ComponentName,
  parts: PartSource,
): Promise<Omit<ImageConfig, 'labels'>> {
  const spec = buildableSpec(plan, name);
  const user = spec.user === undefined ? {} : { user: spec.user };
  if ('app' in spec) {
    await mkdir(join(stage, 'app'));
    for (const [file, text] of Object.entries(plan.apps[name] ?? {})) {
      await writeFile(join(stage, 'app', file), text);
    }
    for (const [path, source] of Object.entries(spec.beside)) {
      await stageFile(join(stage, 'app', path), join(PROJECT, source));
    }
    await stageFiles(stage, spec.files);
    const port = spec.port === undefined ? {} : { port: spec.port };
    const env = ['NODE_ENV=production', ...variables(spec.env)];
    return { ...user, ...port, entrypoint: ['/usr/local/bin/node', `/app/${ENTRY}`], env };
  }
  if ('entrypoint' in spec) {
    await stageFiles(stage, spec.files);
    const env = variables(spec.env);
    const stop_signal = spec.stop_signal === undefined ? {} : { stop_signal: spec.stop_signal };
    return { ...user, ...stop_signal, entrypoint: spec.entrypoint, env };
  }
  const built = 'wheel' in spec ? await parts.wheel(spec.wheel) : await parts.folder(spec.folder);
  return { ...user, entrypoint: [await stageProgram(stage, join(built, 'bin', spec.program), spec.program)] };
}

function variables(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
}

/** Files of the bill of materials, by their path in the image. */
async function stageFiles(stage: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, source] of Object.entries(files)) await stageFile(join(stage, path), join(LOCKS, source));
}

/** A file of the project's own; a script can be run, whatever the checkout made of its mode. */
async function stageFile(to: string, source: string): Promise<void> {
  const content = await readFile(source);
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await writeFile(to, content);
  await chmod(to, content.subarray(0, 2).toString() === '#!' ? 0o755 : 0o644);
}

/**
 * The archive of a component's image: its program alone, or on a small Debian root file system where it needs one; an
 * application is bundled JavaScript on the Node binary.
 * @returns path of the archive in the cache
 */
export async function buildImage(
  plan: Plan,
  name: ComponentName,
  parts: PartSource,
  options: MakeOptions,
): Promise<string> {
  const spec = buildableSpec(plan, name);
  const make = async (archive: string) => {
    const layers: string[] = [];
    if (spec.rootfs !== undefined) layers.push(join(await parts.rootfs(spec.rootfs), 'rootfs.tar'));
    if ('app' in spec) layers.push(await nodeLayer(options));
    await withStage(async (stage) => {
      await mkdir(join(stage, 'tmp'));
      await chmod(join(stage, 'tmp'), 0o1777);
      const start = await stageImage(stage, plan, name, parts);
      const layer = `${stage}.layer`;
      try {
        await packLayer(stage, layer, options.signal);
        const ref = imageRef(plan, name);
        const config: ImageConfig = { ...start, labels: { [CONTENT_LABEL]: ref } };
        await writeArchive(archive, ref, [...layers, layer], config, options.signal);
      } finally {
        await rm(layer, { force: true });
      }
    });
  };
  return await obtain('images', archiveName(plan, name), make, options);
}
