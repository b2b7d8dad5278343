import type { Progress } from '#harness/core/progress.ts';
import { messageOf } from '#harness/core/errors.ts';
import { currentPlan, type ImageSource, interruptible } from '#harness/images/artifacts.ts';
import type { ComponentName } from '#harness/images/bom.ts';
import { makeBuilder } from '#harness/images/builder.ts';
import { exclusively, present } from '#harness/images/cache.ts';
import { docker, holds } from '#harness/images/docker.ts';
import { archiveName, imageRef, type Plan } from '#harness/images/plan.ts';
import { pullComponents } from '#harness/images/pull.ts';

/** How an image is made present, as for the images of a node. */
export interface HostImageOptions {
  readonly images: { readonly mode: ImageSource; readonly registry?: string };
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The archive out of the cache, or built; undefined when the image was pulled into Docker instead. */
async function archiveOrPull(
  plan: Plan,
  name: ComponentName,
  options: HostImageOptions,
): Promise<string | undefined> {
  const { images, progress, signal } = options;
  const { mode, registry } = images;
  const cached = await present('images', archiveName(plan, name));
  if (cached !== undefined && mode !== 'pull') return cached;
  if (mode !== 'build' && registry !== undefined) {
    try {
      await pullComponents(plan, registry, [name], { progress, signal });
      return undefined;
    } catch (error) {
      if (mode === 'pull' || signal.aborted) throw error;
      progress(`not to be pulled, so it is built: ${messageOf(error)}`);
    }
  }
  return cached ?? (await makeBuilder(plan, { progress, signal }).image(name));
}

/** Makes one image present and gives its reference. */
export type HostImages = (name: ComponentName) => Promise<string>;

/**
 * Makes images of the bill of materials present in this machine's Docker: nodes have their images inside, and what runs beside
 * them needs its own. What is returned is asked for each by its name.
 * @throws UsageError for a name that the bill of materials does not have
 * @throws UnfitError when one can be neither loaded, pulled nor built
 * @throws InterruptedError when the signal ends it
 */
export async function hostImages(options: HostImageOptions): Promise<HostImages> {
  const { images, progress, signal } = options;
  const plan = await interruptible(signal, () => currentPlan(images.mode));
  const make = async (name: ComponentName): Promise<string> => {
    const ref = imageRef(plan, name);
    if (await holds(ref)) return ref;
    return await exclusively(`host-image-${name}`, { progress, signal }, async () => {
      if (await holds(ref)) return ref;
      const archive = await archiveOrPull(plan, name, options);
      if (archive !== undefined) {
        progress(`loading ${ref}`);
        await docker(['load', '--quiet', '--input', archive], signal);
      }
      return ref;
    });
  };
  return (name) => interruptible(signal, () => make(name));
}
