import { currentPlan, type ImageSource } from '#harness/images/artifacts.ts';
import { present } from '#harness/images/cache.ts';
import { archiveName } from '#harness/images/plan.ts';
import { select } from '#harness/images/selection.ts';
import { definitionsFor, imagesFor, resolveComponents } from '#harness/stack/profiles.ts';
import type { ImageSet } from './lanes.ts';
import { SHOP_IMAGES } from './prepare.ts';

/** What one set of images holds. */
export interface DescribedSet {
  /** Names of images, each with its version where that is not the first of the lock. */
  readonly images: readonly string[];
  /** Those of them that the cache does not hold: they have to be built or pulled. */
  readonly absent: readonly string[];
}

/**
 * Looks up what a set of images holds, and what of it is yet to be made. Nothing is made.
 * @throws UsageError for a version that is not in the lock
 */
export async function describeSet(
  { components, versions }: ImageSet,
  mode: ImageSource,
): Promise<DescribedSet> {
  const parts = resolveComponents(components);
  const images = [...imagesFor(parts), ...SHOP_IMAGES];
  const plan = await currentPlan(mode === 'pull' ? 'pull' : 'auto');
  const selection = select(plan, { images, definitions: definitionsFor(parts), versions });
  const absent = await Promise.all(
    images.map(async (name) => {
      const chosen = selection.images[name] ?? name;
      return (await present('images', archiveName(plan, chosen))) === undefined ? [name] : [];
    }),
  );
  const shown = (name: string): string => (versions[name] === undefined ? name : `${name} ${versions[name]}`);
  return { images: images.map(shown), absent: absent.flat().map(shown) };
}
