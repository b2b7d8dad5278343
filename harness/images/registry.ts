import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packLayer, writeArchive } from './archive.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { currentPlan, interruptible } from './artifacts.ts';
import { makeBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { timed } from './cache.ts';
import type { MakeOptions } from './cache.ts';
import { CONTENT_LABEL } from './component-image.ts';
import { docker, labelOf, removeImages } from './docker.ts';
import { nodeRefs, UPSTREAM_LABEL } from './node-image.ts';
import { shelf } from './places.ts';
import { imageRef, MANIFESTS, TOOLS } from './plan.ts';
import type { Plan } from './plan.ts';
import { publishedRef, toolsRef } from './pull.ts';

const PUSH_EXPECTED_S = 60;

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

/** Packs the host's programs and the manifests as an image. */
async function loadTools(plan: Plan, builder: Builder, signal: AbortSignal | undefined): Promise<string> {
  const ref = toolsRef(plan);
  await mkdir(shelf('images'), { recursive: true });
  const work = await mkdtemp(join(shelf('images'), '.unfinished-tools-'));
  try {
    const stage = join(work, 'stage');
    await mkdir(join(stage, 'bin'), { recursive: true });
    for (const program of TOOLS) {
      await cp(join(await builder.folder(program), 'bin', program), join(stage, 'bin', program));
    }
    for (const name of MANIFESTS) {
      await cp(join(await builder.folder(name), 'files'), join(stage, 'manifests', name), {
        recursive: true,
      });
    }
    const layer = join(work, 'tools.layer');
    const archive = join(work, 'tools.tar');
    await packLayer(stage, layer, signal);
    await writeArchive(
      archive,
      ref,
      [layer],
      { entrypoint: ['/bin/kind'], labels: { [CONTENT_LABEL]: ref } },
      signal,
    );
    await docker(['load', '--quiet', '--input', archive], signal);
    return ref;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Publishes everything that `pull` may ask for: the node image, the one without applications, the tools, and each
 * component's image. What is absent is built first.
 * @returns the published references
 */
async function push(
  plan: Plan,
  builder: Builder,
  registry: string,
  options: MakeOptions,
): Promise<readonly string[]> {
  const { signal, progress } = options;
  const { node, base } = nodeRefs(plan);
  publishedRef(registry, node);
  await builder.node();
  if ((await labelOf(node, UPSTREAM_LABEL)) === 'true') {
    throw new UnfitError(
      `${node} was put together from images that others publish, so it is not published as Mettle's`,
      {
        next: `Remove it (docker image rm ${node}) and push again: it is then built.`,
      },
    );
  }
  const published: string[] = [];
  await timed(`push to ${registry.replaceAll('/', '-')}`, PUSH_EXPECTED_S, progress, async () => {
    const tools = await loadTools(plan, builder, signal);
    for (const ref of [tools, base, node]) published.push(await publish(registry, ref, signal));
    await removeImages([tools]);
    for (const name of Object.keys(plan.images)) {
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
  if (here.node === published.node) return here;
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
