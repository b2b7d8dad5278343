import { access, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';
import { imageOf } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { obtain, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { docker, holds, labelOf, removeImages } from './docker.ts';
import { assembleNode, nodeRefs } from './node-image.ts';
import { shelf } from './places.ts';
import { IMAGE_PREFIX, imageRef, TOOLS } from './plan.ts';
import type { Plan } from './plan.ts';

const PULL_EXPECTED_S = 30;

/** The image that carries the host's programs and the manifests. */
export function toolsRef(plan: Plan): string {
  return `${IMAGE_PREFIX}/tools:${plan.tools}`;
}

/** A host with a dot or a port, as Docker demands (without, it would mean Docker Hub's user of this name), and a path. */
const PREFIX =
  /^[a-z0-9](?:[a-z0-9-]*(?:\.[a-z0-9-]+)+(?::\d+)?|[a-z0-9-]*:\d+)(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/**
 * Where an image of Mettle's is published: `PREFIX/mettle/<component>:<version>-<key>`.
 * @throws UsageError when the prefix is not a host with an optional port and path
 */
export function publishedRef(registry: string, ref: string): string {
  if (!PREFIX.test(registry)) {
    throw new UsageError(`${JSON.stringify(registry)} is not a prefix of image names`, {
      next: 'Give a host with a dot or a port, and a path if needed, without a scheme and without a slash at the end: 127.0.0.1:5000/team.',
    });
  }
  return ref.replace(/^localhost\//, `${registry}/`);
}

/** Text by which registries and Docker say that an image does not exist, rather than that they cannot be reached. */
const ABSENT = /manifest unknown|not found|does not exist|name unknown/i;

/**
 * Pulls a published image of Mettle's, checks that it is what the lock names, and gives it its local name.
 * @returns false when the registry has no such image
 * @throws UnfitError when the registry cannot be asked or holds something else under this name
 */
async function pullOwn(registry: string, ref: string, signal: AbortSignal | undefined): Promise<boolean> {
  const published = publishedRef(registry, ref);
  if (!(await pullRef(published, signal))) return false;
  try {
    const content = await labelOf(published, CONTENT_LABEL);
    if (content !== ref) {
      throw new UnfitError(
        `${published} is not what the bill of materials names: its label ${CONTENT_LABEL} is ` +
          `${content ? content : 'absent'}, and ${ref} was expected`,
        { next: 'Publish it anew with `mettle images push`, or build with --images build.' },
      );
    }
    await docker(['tag', published, ref], signal);
    return true;
  } finally {
    await removeImages([published]);
  }
}

/** @returns false when the registry has no such image */
async function pullRef(published: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { exit_code, stderr } = await tryRun(['docker', 'pull', '--quiet', published], {
    timeout_s: 1800,
    ...(signal ? { signal } : {}),
  });
  if (exit_code === 0) return true;
  signal?.throwIfAborted();
  if (ABSENT.test(stderr)) return false;
  throw new UnfitError(`${published} cannot be pulled: ${stderr.trim()}`, {
    next: 'Check that the registry answers and that Docker may use it (docker login, insecure-registries).',
  });
}

/**
 * The folder of the host's programs and manifests, out of the published tools image.
 * @throws UnfitError when it cannot be had
 */
export async function pullTools(plan: Plan, registry: string, options: MakeOptions): Promise<string> {
  const ref = toolsRef(plan);
  const { signal, progress } = options;
  return await obtain(
    'tools',
    plan.tools,
    async (path) => {
      await timed('pull tools', PULL_EXPECTED_S, progress, async () => {
        if (!(await pullOwn(registry, ref, signal))) throw absent(registry, ref);
      });
      const container = await docker(['create', '--network=none', ref, '/bin/kind'], signal);
      try {
        await mkdir(path, { recursive: true });
        for (const folder of ['bin', 'manifests'])
          await docker(['cp', `${container}:/${folder}`, path], signal);
        for (const program of TOOLS) await access(join(path, 'bin', program));
      } finally {
        await tryRun(['docker', 'rm', '--force', container], { timeout_s: 60 });
        await removeImages([ref]);
      }
    },
    options,
  );
}

function absent(registry: string, ref: string): UnfitError {
  return new UnfitError(`The registry has no ${publishedRef(registry, ref)}`, {
    next: 'Publish what this checkout names with `mettle images push --registry PREFIX`, or use --images build.',
  });
}

/**
 * Makes the node image present by pulling. Where the registry does not hold it, it is put together here from a node
 * image without applications and the component images, for which the registry may hold Mettle's own or those that the
 * components' makers publish.
 * @throws UnfitError naming each image that the registry lacks
 */
export async function pullNode(plan: Plan, registry: string, options: MakeOptions): Promise<void> {
  const { node, base } = nodeRefs(plan);
  const { signal, progress } = options;
  const pulled = await timed('pull node image', PULL_EXPECTED_S, progress, () =>
    pullOwn(registry, node, signal),
  );
  if (pulled) return;
  progress('the registry has no complete node image; it is put together from its parts');
  if (!(await holds(base)) && !(await pullOwn(registry, base, signal))) {
    await assembleFromParts(plan, registry, node, options);
    return;
  }
  await pullComponents(plan, registry, plan.bom.loaded_last, options);
  await assembleNode(base, node, await saveAll(plan, plan.bom.loaded_last, signal), signal);
}

/** The last resort: the upstream node image, and each component's own image or its maker's. */
async function assembleFromParts(
  plan: Plan,
  registry: string,
  node: string,
  options: MakeOptions,
): Promise<void> {
  const { signal } = options;
  const kubernetes = plan.bom.folders['kubernetes']?.version ?? '';
  const upstream = `${registry}/kindest/node:v${kubernetes}`;
  if (!(await pullRef(upstream, signal))) {
    throw new UnfitError(
      `The registry has neither ${publishedRef(registry, node)} nor ${publishedRef(registry, nodeRefs(plan).base)} nor ${upstream}`,
      {
        next: 'Publish what this checkout names with `mettle images push --registry PREFIX`, or use --images build.',
      },
    );
  }
  // The upstream node image brings the control plane's images itself.
  const control_plane = new Set(Object.values(plan.bom.kubeadm));
  const wanted = Object.keys(plan.images).filter((name) => !control_plane.has(name));
  await pullComponents(plan, registry, wanted, options);
  await assembleNode(upstream, node, await saveAll(plan, wanted, signal), signal, true);
}

/**
 * Pulls component images: Mettle's own where the registry holds them, else the one its maker publishes.
 * @throws UnfitError naming all that are in neither form there
 */
export async function pullComponents(
  plan: Plan,
  registry: string,
  names: readonly ComponentName[],
  options: MakeOptions,
): Promise<void> {
  const lacking: string[] = [];
  for (const name of names) {
    const ref = imageRef(plan, name);
    if ((await holds(ref)) || (await pullOwn(registry, ref, options.signal))) continue;
    const spec = imageOf(plan.bom, name);
    const upstream =
      'upstream' in spec && spec.upstream !== undefined ? `${registry}/${spec.upstream}` : undefined;
    if (upstream !== undefined && (await pullRef(upstream, options.signal))) {
      options.progress(`${name}: ${upstream}, as its maker publishes it`);
      await docker(['tag', upstream, ref], options.signal);
      await removeImages([upstream]);
    } else {
      lacking.push([publishedRef(registry, ref), upstream].filter(Boolean).join(' or '));
    }
  }
  if (lacking.length > 0) {
    throw new UnfitError(`The registry lacks ${lacking.join('; ')}`, {
      next: 'Publish what this checkout names with `mettle images push --registry PREFIX`, or use --images build.',
    });
  }
}

/** Writes images that Docker holds as archives into a folder of the cache that is removed after use. */
async function saveAll(
  plan: Plan,
  names: readonly ComponentName[],
  signal: AbortSignal | undefined,
): Promise<{ readonly folder: string; readonly archives: readonly string[] }> {
  await mkdir(shelf('images'), { recursive: true });
  const folder = await mkdtemp(join(shelf('images'), '.unfinished-pulled-'));
  const archives: string[] = [];
  for (const name of names) {
    await docker(['save', '--output', join(folder, `${name}.tar`), imageRef(plan, name)], signal);
    archives.push(`${name}.tar`);
  }
  await removeImages(names.map((name) => imageRef(plan, name)));
  return { folder, archives };
}
