import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { currentPlan, interruptible } from './artifacts.ts';
import { buildable } from './bom.ts';
import { allSettled, makeBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { docker, removeImages } from './docker.ts';
import { loadPart } from './host-part.ts';
import { nodeBaseRef } from './node-choice.ts';
import { definitionFolders, imageRef, kubernetesImages, TOOLS } from './plan.ts';
import type { Plan } from './plan.ts';
import { publishedRef } from './pull.ts';

const PUSH_EXPECTED_S = 150;

async function publish(registry: string, ref: string, signal: AbortSignal | undefined): Promise<string> {
  const published = publishedRef(registry, ref);
  await docker(['tag', ref, published], signal);
  try {
    await docker(['push', '--quiet', published], signal);
  } finally {
    await removeImages([published]);
  }
  return published;
}

/**
 * Publishes everything that `pull` may ask for: the node image without components, each component's image, and what the
 * host takes from Go folders. What is absent is built first.
 * @returns the published references
 */
async function push(
  plan: Plan,
  builder: Builder,
  registry: string,
  options: MakeOptions,
): Promise<readonly string[]> {
  const { signal, progress } = options;
  const base = nodeBaseRef(plan);
  publishedRef(registry, base);
  const of_nodes = kubernetesImages(plan.bom);
  const images = buildable(plan.bom).filter((name) => !of_nodes.includes(name));
  const parts = [...TOOLS, ...definitionFolders(plan.bom)];
  await allSettled([builder.nodeBase(), ...images.map(builder.image), ...parts.map(builder.folder)]);
  const published: string[] = [];
  await timed(`push to ${registry.replaceAll('/', '-')}`, PUSH_EXPECTED_S, progress, async () => {
    published.push(await publish(registry, base, signal));
    for (const folder of parts) {
      const ref = await loadPart(plan, folder, await builder.folder(folder), signal);
      published.push(await publish(registry, ref, signal));
      await removeImages([ref]);
    }
    for (const name of images) {
      const ref = imageRef(plan, name);
      await docker(['load', '--quiet', '--input', await builder.image(name)], signal);
      published.push(await publish(registry, ref, signal));
      await removeImages([ref]);
    }
  });
  return published;
}

/** The plan whose keys a puller will compute too. */
async function publishingPlan(): Promise<Plan> {
  const [here, published] = await Promise.all([currentPlan('build'), currentPlan('pull')]);
  if (here.node_base === published.node_base) return here;
  throw new UnfitError(
    `Published images are built with Go ${here.bom.go}, and another Go is on the PATH: nobody would look for what it builds`,
    { next: `Put Go ${here.bom.go} first on the PATH, or change \`go\` in the bill of materials.` },
  );
}

/**
 * Publishes everything that `--images pull --registry PREFIX` may ask for; what is absent is built first.
 * @returns the published references
 * @throws UnfitError when the Go here is not the one that published images are built with
 */
export async function pushArtifacts(
  registry: string,
  options: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<readonly string[]> {
  const { progress, signal } = options;
  const plan = await publishingPlan();
  return await interruptible(signal, () =>
    push(plan, makeBuilder(plan, { progress, signal }), registry, { progress, signal }),
  );
}
