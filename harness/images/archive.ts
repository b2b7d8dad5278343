import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '#harness/process/run.ts';
import { digest } from './key.ts';

/** How a container of an image starts. Source: OCI image configuration. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly user?: string;
  readonly env?: readonly string[];
  readonly port?: number;
  readonly working_dir?: string;
  readonly stop_signal?: string;
  readonly labels: Readonly<Record<string, string>>;
}

const PATH_ENV = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const FIXED = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

/**
 * Packs a folder's content as one layer. Order, times and owners are fixed, so that the same content gives the same
 * bytes.
 */
export async function packLayer(folder: string, layer: string, signal?: AbortSignal): Promise<void> {
  await run(
    ['tar', ...FIXED, '--create', '--file', layer, '--directory', folder, '.'],
    signal ? { signal } : {},
  );
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The machine's architecture as images name it; Mettle's images are made for these two. */
export function architecture(): 'amd64' | 'arm64' {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/**
 * Writes an image as the archive that `docker load` and `ctr images import` take.
 * Source: Docker image specification v1.2, "Combined image JSON + filesystem changeset format".
 * @param layers tar files, lowest first
 */
export async function writeArchive(
  archive: string,
  tag: string,
  layers: readonly string[],
  config: ImageConfig,
  signal?: AbortSignal,
): Promise<void> {
  const stage = await mkdtemp(join(dirname(archive), '.unfinished-'));
  try {
    const names: string[] = [];
    const digests: string[] = [];
    for (const layer of layers) {
      const sum = await fileDigest(layer);
      names.push(`${sum}.tar`);
      digests.push(`sha256:${sum}`);
      await symlink(layer, join(stage, `${sum}.tar`));
    }
    const { env: own = [] } = config;
    const env = own.some((variable) => variable.startsWith('PATH=')) ? own : [PATH_ENV, ...own];
    const text = JSON.stringify({
      architecture: architecture(),
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        Entrypoint: config.entrypoint,
        Env: env,
        Labels: config.labels,
        ...(config.user === undefined ? {} : { User: config.user }),
        ...(config.port === undefined ? {} : { ExposedPorts: { [`${config.port}/tcp`]: {} } }),
        ...(config.working_dir === undefined ? {} : { WorkingDir: config.working_dir }),
        ...(config.stop_signal === undefined ? {} : { StopSignal: config.stop_signal }),
      },
      rootfs: { type: 'layers', diff_ids: digests },
      history: layers.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'mettle' })),
    });
    const config_name = `${digest(text)}.json`;
    await writeFile(join(stage, config_name), text);
    const manifest = [{ Config: config_name, RepoTags: [tag], Layers: names }];
    await writeFile(join(stage, 'manifest.json'), JSON.stringify(manifest));
    // Layers of a gigabyte are read where they are; a hard link would look like a change to another archive's reader.
    const pack = ['tar', ...FIXED, '--dereference', '--create', '--file', archive, '--directory', stage, '.'];
    await run(pack, signal ? { signal } : {});
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
