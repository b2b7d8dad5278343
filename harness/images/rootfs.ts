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
const READERLESS = ['doc', 'man', 'info', 'locale', 'zoneinfo'];

function leftOut(spec: RootfsSpec): readonly string[] {
  return READERLESS.filter((folder) => !spec.keep.includes(folder)).map(
    (folder) => `path-exclude=/usr/share/${folder}/*`,
  );
}

const TIMEOUT_S = 1200;
/** Time stamps are cut to this, so that the same packages give the same bytes. */
const SOURCE_DATE_EPOCH = '1700000000';

/**
 * mmdebstrap alone ends only when the apt or dpkg it waits for has ended, half a minute later; in a session of its own
 * all of them are told at once, and it still cleans up.
 */
const STOPPABLE = [
  'setsid',
  '--wait',
  'sh',
  '-c',
  `trap 'trap "" TERM; kill -TERM 0' TERM; "$@" & wait $!; code=$?; wait; exit $code`,
  'mettle-rootfs',
];

type RootfsSpec = BillOfMaterials['rootfs'][string];

/** Content key of a root file system: the packages asked for, not the versions found; those are recorded beside it. */
export async function rootfsKey(name: string, spec: RootfsSpec, debian: string): Promise<string> {
  const finish = spec.finish === undefined ? '' : await readFile(join(LOCKS, spec.finish), 'utf8');
  const { packages, unpacked } = spec;
  return keyOf({
    format: 2,
    name,
    debian,
    packages,
    unpacked,
    finish,
    left_out: leftOut(spec),
    SOURCE_DATE_EPOCH,
  });
}

/** Hooks of mmdebstrap, which have other names where packages are only unpacked: dpkg then knows nothing of them. */
function hooks(spec: RootfsSpec, list: string): readonly string[] {
  const to = shellQuoted(list);
  const finish = spec.finish === undefined ? [] : [join(LOCKS, spec.finish)];
  if (spec.unpacked) {
    return [`ls "$1"/var/cache/apt/archives/ | grep '[.]deb$' > ${to}`, ...finish].map(
      (hook) => `--extract-hook=${hook}`,
    );
  }
  return [`chroot "$1" dpkg-query --show > ${to}`, ...finish].map((hook) => `--customize-hook=${hook}`);
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
            ...STOPPABLE,
            'mmdebstrap',
            '--quiet',
            `--variant=${spec.unpacked ? 'extract' : 'minbase'}`,
            ...leftOut(spec).map((option) => `--dpkgopt=${option}`),
            '--aptopt=Acquire::Languages "none"',
            `--include=${spec.packages.join(',')}`,
            ...hooks(spec, join(path, 'packages.txt')),
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

/**
 * The version of a package in the list beside a root file system, which holds `name<TAB>version` or the names of the
 * packages' files. Source: deb(5), file names `name_version_architecture.deb` with the colon of an epoch escaped.
 */
export function packageVersion(list: string, name: string): string | undefined {
  for (const line of list.split('\n')) {
    const [tabbed, version] = line.split('\t');
    if (version !== undefined && tabbed?.split(':')[0] === name) return version;
    const [file, in_name, architecture] = line.split('_');
    if (architecture !== undefined && file === name && in_name !== undefined)
      return decodeURIComponent(in_name);
  }
  return undefined;
}
