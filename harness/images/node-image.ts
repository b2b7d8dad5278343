import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError } from '#harness/core/errors.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { packLayer, writeArchive } from './archive.ts';
import { listed } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { exclusively, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import type { PartSource } from './component-image.ts';
import { docker, holds, removeImages } from './docker.ts';
import { LOCKS, shelf } from './places.ts';
import {
  contentLabels,
  holdsOwn,
  largestWithin,
  nodeBaseRef,
  nodeRefs,
  stackImages,
  UPSTREAM_LABEL,
} from './node-choice.ts';
import type { NodeContent, NodeImage } from './node-choice.ts';
import { IMAGE_PREFIX, archiveName, imageRef, kubernetesImages } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Selection } from './selection.ts';

const ENTRYPOINT = ['/usr/local/bin/mettle-entrypoint', '/usr/local/bin/entrypoint', '/sbin/init'];
const UPSTREAM_ENTRYPOINT = ['/usr/local/bin/entrypoint', '/sbin/init'];
const ENABLED_UNITS = [
  'containerd.service',
  'kubelet.service',
  'undo-mount-hacks.service',
  'mettle-network.service',
];
const NODE_PROGRAMS = ['kubelet', 'kubeadm', 'kubectl'];
/** Upper bound of loading images into a node image, in seconds. */
const LOAD_TIMEOUT_S = 3600;
/** Expected seconds on two cores. */
const BASE_EXPECTED_S = 40;
const NODE_EXPECTED_S = 10;

/** Builds component images on demand. */
export interface ArchiveSource extends PartSource {
  /** Path of an image's archive in the cache. */
  readonly image: (name: ComponentName) => Promise<string>;
}

/** Names that kubeadm gives the images of the control plane, by its own list: `registry/name:tag` by last part. */
async function kubeadmNames(kubeadm: string, version: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run([kubeadm, 'config', 'images', 'list', '--kubernetes-version', `v${version}`], {
    timeout_s: 60,
  });
  const refs = stdout.split('\n').filter(Boolean);
  return new Map(refs.map((ref) => [/([^/:]+):[^/:]+$/.exec(ref)?.[1] ?? ref, ref]));
}

/** Puts together what the node image adds to the Debian packages. */
async function stageNode(stage: string, plan: Plan, parts: PartSource, pause_ref: string): Promise<void> {
  const kind = join(await parts.folder('kind'), 'files/node-base');
  for (const folder of ['etc', 'kind', 'usr'])
    await cp(join(kind, folder), join(stage, folder), { recursive: true });
  for (const folder of ['usr/local/bin', 'kind/bin']) {
    for (const name of await readdir(join(stage, folder))) await chmod(join(stage, folder, name), 0o755);
  }
  await cp(join(LOCKS, 'node/files'), stage, { recursive: true, force: true });
  const config = join(stage, 'etc/containerd/config.toml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('@PAUSE@', pause_ref));

  const programs = join(await parts.folder('kubernetes'), 'bin');
  await mkdir(join(stage, 'usr/bin'), { recursive: true });
  for (const program of NODE_PROGRAMS)
    await copyFile(join(programs, program), join(stage, 'usr/bin', program));
  await copyFile(join(await parts.folder('runc-fit'), 'bin/runc-fit'), join(stage, 'usr/local/bin/runc-fit'));

  await writeFile(
    join(stage, 'kind/version'),
    `v${listed(plan.bom.folders, 'kubernetes', 'Go folder').version}`,
  );
  const units = join(stage, 'etc/systemd/system');
  await mkdir(join(units, 'multi-user.target.wants'), { recursive: true });
  for (const unit of ENABLED_UNITS) {
    await symlink(`/etc/systemd/system/${unit}`, join(units, 'multi-user.target.wants', unit));
  }
  // It would register binary formats with the whole kernel.
  await symlink('/dev/null', join(units, 'systemd-binfmt.service'));
  await mkdir(join(stage, 'etc/kubernetes/manifests'), { recursive: true });
  await mkdir(join(stage, 'opt/cni'), { recursive: true });
  await symlink('/usr/lib/cni', join(stage, 'opt/cni/bin'));
}

/** What to put into the containerd of a node image. */
interface Load {
  /** Folder of the archives. */
  readonly folder: string;
  readonly archives: readonly string[];
  /** Second names of images, by first name. */
  readonly second_names?: ReadonlyMap<string, string>;
  /** Whose node image is below: the one that kind's makers publish keeps its own entry point. */
  readonly below?: 'own' | 'upstream';
  /** Whether anything in the result is what others publish. */
  readonly upstream?: boolean;
  /** What the label of the result says that it holds. */
  readonly content: NodeContent;
}

/** Starts a throwaway container of `from`, loads the archives into its containerd, and commits it as `to`. */
async function loadAndCommit(
  from: string,
  to: string,
  load: Load,
  signal: AbortSignal | undefined,
): Promise<void> {
  const {
    folder,
    archives,
    second_names = new Map<string, string>(),
    below,
    upstream = false,
    content,
  } = load;
  const container = `mettle-load-${to.slice(to.lastIndexOf('-') + 1)}-${process.pid}`;
  const script = await readFile(join(LOCKS, 'node/load-images.sh'), 'utf8');
  const names = [...second_names].map(([name, second]) => `${name} ${second}\n`).join('');
  const entrypoint = below === 'upstream' ? UPSTREAM_ENTRYPOINT : ENTRYPOINT;
  const labels = { [CONTENT_LABEL]: to, ...contentLabels(content), [UPSTREAM_LABEL]: String(upstream) };
  const label = `--change=LABEL ${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ')}`;
  try {
    const start = [
      'run',
      '--detach',
      '--name',
      container,
      '--network=none',
      '--label=mettle.dev/role=image-build',
    ];
    const volume = `--volume=${folder}:/images:ro`;
    await docker([...start, volume, '--entrypoint=/bin/sleep', from, String(LOAD_TIMEOUT_S)], signal);
    await docker(['exec', container, '/bin/bash', '-c', script, 'load-images', names, ...archives], signal);
    await docker(
      ['commit', `--change=ENTRYPOINT ${JSON.stringify(entrypoint)}`, label, container, to],
      signal,
    );
  } finally {
    await tryRun(['docker', 'rm', '--force', '--volumes', container], { timeout_s: 60 });
  }
}

/** Puts images into a node image that was pulled, and removes the folder of their archives. */
export async function assembleNode(
  from: string,
  to: string,
  load: Load,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await loadAndCommit(from, to, load, signal);
  } finally {
    await rm(load.folder, { recursive: true, force: true });
  }
}

/** The Debian packages, kind's own files, the Kubernetes programs; no images yet. */
async function loadSystem(
  plan: Plan,
  tag: string,
  parts: PartSource,
  pause_ref: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rootfs = join(await parts.rootfs('node'), 'rootfs.tar');
  await mkdir(shelf('images'), { recursive: true });
  const work = await mkdtemp(join(shelf('images'), '.unfinished-node-'));
  try {
    const stage = join(work, 'stage');
    await mkdir(stage, { mode: 0o755 });
    await stageNode(stage, plan, parts, pause_ref);
    const layer = join(work, 'files.layer');
    const archive = join(work, 'system.tar');
    await packLayer(stage, layer, signal);
    await writeArchive(
      archive,
      tag,
      [rootfs, layer],
      // systemd takes SIGTERM for a wish to run itself anew, and looks for the variable to know where it is.
      { entrypoint: ENTRYPOINT, env: ['container=docker'], stop_signal: 'SIGRTMIN+3', labels: {} },
      signal,
    );
    await docker(['load', '--quiet', '--input', archive], signal);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The node image with the images of Kubernetes alone.
 * @returns its reference in Docker
 */
export async function buildNodeBase(
  plan: Plan,
  sources: ArchiveSource,
  options: MakeOptions,
): Promise<string> {
  const base = nodeBaseRef(plan);
  if (await holds(base)) return base;
  const images = kubernetesImages(plan.bom);
  await Promise.all([...images.map(sources.image), sources.rootfs('node')]);
  const kubernetes = listed(plan.bom.folders, 'kubernetes', 'Go folder').version;
  const asked = await kubeadmNames(join(await sources.folder('kubernetes'), 'bin/kubeadm'), kubernetes);
  const second_names = new Map<string, string>();
  for (const [theirs, ours] of Object.entries(plan.bom.kubeadm)) {
    const ref = asked.get(theirs);
    if (ref === undefined) throw new UnfitError(`kubeadm ${kubernetes} asks for no image ${theirs}`);
    second_names.set(imageRef(plan, ours), ref);
  }
  const pause_ref = asked.get('pause') ?? '';
  return await exclusively('node-base', options, async () => {
    if (await holds(base)) return base;
    await timed('node image base', BASE_EXPECTED_S, options.progress, async () => {
      const system = `${IMAGE_PREFIX}/node-system:${plan.node_base}`;
      try {
        await loadSystem(plan, system, sources, pause_ref, options.signal);
        const archives = images.map((name) => archiveName(plan, name));
        const content = { base, images: [] };
        const load = { folder: shelf('images'), archives, second_names, content };
        await loadAndCommit(system, base, load, options.signal);
      } finally {
        await removeImages([system]);
      }
    });
    return base;
  });
}

/** A node image with images loaded on top of a smaller one. */
async function extendNode(
  plan: Plan,
  from: NodeImage,
  to: string,
  names: readonly ComponentName[],
  options: MakeOptions,
): Promise<NodeImage> {
  const lacking = names.filter((name) => !from.images.has(imageRef(plan, name)));
  const archives = lacking.map((name) => archiveName(plan, name));
  const images = [...from.images, ...lacking.map((name) => imageRef(plan, name))];
  const load = { folder: shelf('images'), archives, content: { base: nodeBaseRef(plan), images } };
  await timed(`node image with ${lacking.length} images more`, NODE_EXPECTED_S, options.progress, () =>
    loadAndCommit(from.ref, to, load, options.signal),
  );
  return { ref: to, base: nodeBaseRef(plan), images: new Set(images), upstream: false };
}

/**
 * The node image for kind, with the images of a selection in its containerd, on the largest one present that holds
 * nothing else. Mettle's own applications come last, so that a change of theirs rebuilds in seconds.
 * @returns its reference in Docker
 */
export async function buildNodeImage(
  plan: Plan,
  selection: Selection,
  sources: ArchiveSource,
  options: MakeOptions,
): Promise<string> {
  const { stack, node } = nodeRefs(selection);
  if (await holdsOwn(node)) return node;
  const { early, late } = selection;
  const [base] = await Promise.all([
    buildNodeBase(plan, sources, options),
    ...[...early, ...late].map(sources.image),
  ]);
  return await exclusively('node', options, async () => {
    if (await holdsOwn(node)) return node;
    const refs = new Set(early.map((name) => imageRef(plan, name)));
    const bottom: NodeImage = { ref: base, base, images: new Set(), upstream: false };
    const from = largestWithin(await stackImages(), base, refs) ?? bottom;
    const below =
      from.images.size === refs.size && from.ref === stack
        ? from
        : await extendNode(plan, from, stack, early, options);
    await extendNode(plan, below, node, late, options);
    return node;
  });
}
