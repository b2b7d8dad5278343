import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { findProgram } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import type { BillOfMaterials } from './bom.ts';
import { obtain, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { keyOf } from './key.ts';
import { LOCKS } from './places.ts';

/** Documentation and translations have no reader inside an image. */
const LEFT_OUT = ['doc/*', 'man/*', 'info/*', 'locale/*', 'zoneinfo/*'].map(
  (path) => `path-exclude=/usr/share/${path}`,
);
const TIMEOUT_S = 1200;
/** Time stamps are cut to this, so that the same packages give the same bytes. */
const SOURCE_DATE_EPOCH = '1700000000';

type RootfsSpec = BillOfMaterials['rootfs'][string];

/** Content key of a root file system: the packages asked for, not the versions found; those are recorded beside it. */
export async function rootfsKey(name: string, spec: RootfsSpec, debian: string): Promise<string> {
  const trim = spec.trim === undefined ? '' : await readFile(join(LOCKS, spec.trim), 'utf8');
  return keyOf({
    format: 1,
    name,
    debian,
    packages: spec.packages,
    trim,
    left_out: LEFT_OUT,
    SOURCE_DATE_EPOCH,
  });
}

/**
 * The folder of a root file system made of Debian packages: `rootfs.tar`, and `packages.txt` with the versions in it.
 * @throws UnfitError without mmdebstrap, or when packages cannot be had
 */
export async function buildRootfs(
  name: string,
  spec: RootfsSpec,
  debian: string,
  options: MakeOptions,
): Promise<string> {
  return await obtain(
    'rootfs',
    `${name}-${await rootfsKey(name, spec, debian)}`,
    async (path) => {
      if (findProgram('mmdebstrap') === undefined) {
        throw new UnfitError('There is no mmdebstrap; root file systems of images are made with it', {
          next: 'Run: apt-get install --yes mmdebstrap',
        });
      }
      await mkdir(path, { recursive: true });
      await timed(`root file system ${name}`, spec.expected_s, options.progress, () =>
        run(
          [
            'mmdebstrap',
            '--quiet',
            '--variant=minbase',
            ...LEFT_OUT.map((option) => `--dpkgopt=${option}`),
            '--aptopt=Acquire::Languages "none"',
            `--include=${spec.packages.join(',')}`,
            `--customize-hook=chroot "$1" dpkg-query --show > ${shellQuoted(join(path, 'packages.txt'))}`,
            ...(spec.trim === undefined ? [] : [`--customize-hook=${join(LOCKS, spec.trim)}`]),
            debian,
            join(path, 'rootfs.tar'),
          ],
          {
            env: { SOURCE_DATE_EPOCH },
            timeout_s: TIMEOUT_S,
            ...(options.signal ? { signal: options.signal } : {}),
          },
        ),
      );
    },
    options,
  );
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
