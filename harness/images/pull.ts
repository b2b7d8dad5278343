import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { tryRun } from '#harness/process/run.ts';
import { imageOf, listed } from './bom.ts';
import type { ComponentName } from './bom.ts';
import { obtain, timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { docker, holds, labelOf, removeImages } from './docker.ts';
import { hostPartRef, unpackPart } from './host-part.ts';
import { nodeBaseRef, nodeRefs } from './node-choice.ts';
import { assembleNode } from './node-image.ts';
import { shelf } from './places.ts';
import { imageRef } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Selection } from './selection.ts';

const PULL_EXPECTED_S = 30;
const ASSEMBLE_EXPECTED_S = 15;

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
 * The folder of what the host takes from a Go folder, out of its published image.
 * @throws UnfitError when it cannot be had
 */
export async function pullPart(
  plan: Plan,
  folder: string,
  registry: string,
  options: MakeOptions,
): Promise<string> {
  const ref = hostPartRef(plan, folder);
  const { signal } = options;
  return await obtain(
    'tools',
    listed(plan.folders, folder, 'Go folder'),
    async (path) => {
      options.progress(`pull ${folder}`);
      if (!(await pullOwn(registry, ref, signal))) throw absent(registry, ref);
      try {
        await unpackPart(ref, folder, path, signal);
      } finally {
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
 * Makes the node image of a selection present by pulling: the one without components, and the images of the components,
 * for which the registry may hold Mettle's own or those that their makers publish. Where it has no node image of
 * Mettle's, the one that kind's makers publish serves.
 * @returns its reference in Docker
 * @throws UnfitError naming each image that the registry lacks
 */
export async function pullNode(
  plan: Plan,
  selection: Selection,
  registry: string,
  options: MakeOptions,
): Promise<string> {
  const base = nodeBaseRef(plan);
  const { node } = nodeRefs(selection);
  const { signal, progress } = options;
  const own =
    (await holds(base)) ||
    (await timed('pull node image', PULL_EXPECTED_S, progress, () => pullOwn(registry, base, signal)));
  const from = own ? base : await pullUpstreamNode(plan, registry, signal);
  const wanted = [...selection.early, ...selection.late];
  const makers = await pullComponents(plan, registry, wanted, options);
  const saved = await saveAll(plan, wanted, signal);
  const content = { base, images: wanted.map((name) => imageRef(plan, name)) };
  await timed(`node image with ${wanted.length} images more`, ASSEMBLE_EXPECTED_S, progress, () =>
    assembleNode(
      from,
      node,
      { ...saved, content, below: own ? 'own' : 'upstream', upstream: !own || makers },
      signal,
    ),
  );
  return node;
}

/** The node image that kind's makers publish; it brings the images of Kubernetes itself. */
async function pullUpstreamNode(
  plan: Plan,
  registry: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const kubernetes = plan.bom.folders['kubernetes']?.version ?? '';
  const upstream = `${registry}/kindest/node:v${kubernetes}`;
  if (await pullRef(upstream, signal)) return upstream;
  throw new UnfitError(
    `The registry has neither ${publishedRef(registry, nodeBaseRef(plan))} nor ${upstream}`,
    {
      next: 'Publish what this checkout names with `mettle images push --registry PREFIX`, or use --images build.',
    },
  );
}

/**
 * Pulls component images: Mettle's own where the registry holds them, else the one its maker publishes.
 * @returns whether any is its maker's
 * @throws UnfitError naming all that are in neither form there
 */
export async function pullComponents(
  plan: Plan,
  registry: string,
  names: readonly ComponentName[],
  options: MakeOptions,
): Promise<boolean> {
  const lacking: string[] = [];
  let makers = false;
  for (const name of names) {
    const ref = imageRef(plan, name);
    if ((await holds(ref)) || (await pullOwn(registry, ref, options.signal))) continue;
    const spec = imageOf(plan.bom, name);
    const upstream =
      'upstream' in spec && spec.upstream !== undefined ? `${registry}/${spec.upstream}` : undefined;
    if (upstream !== undefined && (await pullRef(upstream, options.signal))) {
      makers = true;
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
  return makers;
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
