import type { Progress } from '#harness/core/progress.ts';
import { messageOf } from '#harness/core/errors.ts';
import { currentPlan, type ImageSource, interruptible } from '#harness/images/artifacts.ts';
import { makeBuilder } from '#harness/images/builder.ts';
import { exclusively, present } from '#harness/images/cache.ts';
import { docker, holds } from '#harness/images/docker.ts';
import { archiveName, imageRef, type Plan } from '#harness/images/plan.ts';
import { pullComponents } from '#harness/images/pull.ts';

/** Name of the Git server in the bill of materials. */
const IMAGE = 'git';

/** How an image is made present, as for the images of a node. */
export interface HostImageOptions {
  readonly images: { readonly mode: ImageSource; readonly registry?: string };
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The archive out of the cache, or built; undefined when the image was pulled into Docker instead. */
async function archiveOrPull(plan: Plan, options: HostImageOptions): Promise<string | undefined> {
  const { images, progress, signal } = options;
  const { mode, registry } = images;
  const cached = await present('images', archiveName(plan, IMAGE));
  if (cached !== undefined && mode !== 'pull') return cached;
  if (mode !== 'build' && registry !== undefined) {
    try {
      await pullComponents(plan, registry, [IMAGE], { progress, signal });
      return undefined;
    } catch (error) {
      if (mode === 'pull' || signal.aborted) throw error;
      progress(`not to be pulled, so it is built: ${messageOf(error)}`);
    }
  }
  return cached ?? (await makeBuilder(plan, { progress, signal }).image(IMAGE));
}

/**
 * Makes the image of the Git server present in this machine's Docker: nodes have their images inside, and what runs beside them
 * needs its own.
 * @returns its reference
 * @throws UnfitError when it can be neither loaded, pulled nor built
 * @throws InterruptedError when the signal ends it
 */
export async function gitImageOnHost(options: HostImageOptions): Promise<string> {
  const { images, progress, signal } = options;
  return await interruptible(signal, async () => {
    const plan = await currentPlan(images.mode);
    const ref = imageRef(plan, IMAGE);
    if (await holds(ref)) return ref;
    return await exclusively('host-image-git', { progress, signal }, async () => {
      if (await holds(ref)) return ref;
      const archive = await archiveOrPull(plan, options);
      if (archive !== undefined) {
        progress(`loading ${ref}`);
        await docker(['load', '--quiet', '--input', archive], signal);
      }
      return ref;
    });
  });
}
