import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBom } from '#harness/images/bom.ts';
import { buildRootfs } from '#harness/images/rootfs.ts';
import { run } from '#harness/process/run.ts';

const BUILD_S = 300;

/** What stands in an image beside its root file system. */
interface TestImage {
  readonly ref: string;
  /** One of the bill of materials. */
  readonly rootfs: string;
  /** Names in the folder of the build, each with its text or where it is copied from. */
  readonly files: Readonly<Record<string, { readonly text: string } | { readonly from: string }>>;
  /** What follows on the root file system. */
  readonly dockerfile: readonly string[];
}

/** Builds an image for tests of what runs in containers, without a registry. Disposing it removes it. */
export async function buildTestImage({
  ref,
  rootfs,
  files,
  dockerfile,
}: TestImage): Promise<AsyncDisposable> {
  const bom = await loadBom();
  const spec = bom.rootfs[rootfs];
  if (spec === undefined) throw new Error(`the bill of materials has no ${rootfs}`);
  const made = await buildRootfs(rootfs, spec, bom.debian, { progress: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), 'mettle-image-'));
  try {
    await run(['cp', join(made, 'rootfs.tar'), folder]);
    for (const [name, source] of Object.entries(files)) {
      if ('text' in source) await writeFile(join(folder, name), source.text);
      else await run(['cp', source.from, join(folder, name)]);
    }
    const lines = ['FROM scratch', 'ADD rootfs.tar /', ...dockerfile];
    await writeFile(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
    await run(['docker', 'build', '--tag', ref, folder], { timeout_s: BUILD_S });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await run(['docker', 'image', 'rm', ref]);
    },
  };
}

/** Containers and networks that runs of the guard have made and not removed. */
export async function guardsOwn(): Promise<readonly string[]> {
  const label = ['--filter', 'label=mettle.guard.owner', '--format'];
  const containers = await run(['docker', 'ps', '--all', ...label, '{{.Names}}']);
  const networks = await run(['docker', 'network', 'ls', ...label, '{{.Name}}']);
  return [
    ...containers.stdout.split('\n').map((name) => `container ${name}`),
    ...networks.stdout.split('\n').map((name) => `network ${name}`),
  ].filter((line) => !line.endsWith(' '));
}
