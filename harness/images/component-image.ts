import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packLayer, writeArchive } from './archive.ts';
import type { ImageConfig } from './archive.ts';
import { imageOf } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { nodeBinary } from './bundle.ts';
import { obtain } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { shelf } from './places.ts';
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

/**
 * The archive of a component's image: its program alone, or on a small Debian root file system where it needs one; an
 * application is one JavaScript file on the Node binary.
 * @returns path of the archive in the cache
 */
export async function buildImage(
  plan: Plan,
  name: ComponentName,
  parts: PartSource,
  options: MakeOptions,
): Promise<string> {
  const spec = imageOf(plan.bom, name);
  const make = async (archive: string) => {
    const layers: string[] = [];
    if (spec.rootfs !== undefined) layers.push(join(await parts.rootfs(spec.rootfs), 'rootfs.tar'));
    if ('app' in spec) layers.push(await nodeLayer(options));
    await withStage(async (stage) => {
      await mkdir(join(stage, 'tmp'));
      await chmod(join(stage, 'tmp'), 0o1777);
      let entrypoint: readonly string[];
      if ('app' in spec) {
        await mkdir(join(stage, 'app'));
        await writeFile(join(stage, 'app/main.mjs'), plan.apps[name] ?? '');
        entrypoint = ['/usr/local/bin/node', '/app/main.mjs'];
      } else {
        const built = await parts.folder(spec.folder);
        entrypoint = [await stageProgram(stage, join(built, 'bin', spec.program), spec.program)];
      }
      const layer = `${stage}.layer`;
      try {
        await packLayer(stage, layer, options.signal);
        const config: ImageConfig = {
          entrypoint,
          labels: { [CONTENT_LABEL]: imageRef(plan, name) },
          ...(spec.user === undefined ? {} : { user: spec.user }),
          ...('app' in spec ? { port: spec.port, env: ['NODE_ENV=production'] } : {}),
        };
        await writeArchive(archive, imageRef(plan, name), [...layers, layer], config, options.signal);
      } finally {
        await rm(layer, { force: true });
      }
    });
  };
  return await obtain('images', archiveName(plan, name), make, options);
}
