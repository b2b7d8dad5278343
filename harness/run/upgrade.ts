import { join } from 'node:path';
import { imagesOn, loadImage } from '#harness/cluster/node-images.ts';
import { currentPlan } from '#harness/images/artifacts.ts';
import { makeBuilder } from '#harness/images/builder.ts';
import { archiveName, imageRef } from '#harness/images/plan.ts';
import { shelf } from '#harness/images/places.ts';
import { REGISTRY } from '#harness/stack/registry.ts';
import { installStack } from '#harness/stack/stack.ts';
import type { Acting } from './on-cluster.ts';
import { recordVersion } from './two-versions.ts';

/**
 * Replaces the Flagger of a cluster of the scenario's own by the newest that is locked, definitions included, and
 * records the version before and after.
 * @throws what building, loading and installing it throw
 */
export async function upgradeFlagger({ run, cluster }: Acting): Promise<void> {
  const { progress, signal } = run;
  const plan = await currentPlan('auto');
  const builder = makeBuilder(plan, { progress, signal });
  const image = imageRef(plan, 'flagger');
  const definitions = join(await builder.folder('flagger'), 'files');
  if (!(await imagesOn(cluster)).has(image)) {
    await builder.image('flagger');
    await loadImage(cluster, join(shelf('images'), archiveName(plan, 'flagger')), signal);
  }
  await recordVersion(run);
  await installStack({
    cluster,
    components: [REGISTRY.flagger],
    artifacts: { images: { flagger: image }, manifests: { flagger: definitions } },
    progress,
    signal,
  });
  await recordVersion(run);
}
