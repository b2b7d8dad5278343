import { join } from 'node:path';
import { imagesOn, loadImage } from '#harness/cluster/node-images.ts';
import { currentPlan } from '#harness/images/artifacts.ts';
import { makeBuilder } from '#harness/images/builder.ts';
import { archiveName, imageRef } from '#harness/images/plan.ts';
import { shelf } from '#harness/images/places.ts';
import { REGISTRY } from '#harness/stack/registry.ts';
import { installDefinitions, installStack } from '#harness/stack/stack.ts';
import type { Acting } from './on-cluster.ts';
import { recordVersion } from './two-versions.ts';

/** The newest Flagger that is locked: its image, present on the cluster's nodes, and the folder of its definitions. */
export interface NewerFlagger {
  readonly image: string;
  readonly definitions: string;
}

/**
 * Prepares an upgrade of the Flagger of a cluster of the scenario's own: brings the image, and puts the definitions in
 * place, which ends every watch of the objects that they define.
 * @throws what building, loading and installing it throw
 */
export async function prepareUpgrade({ run, ctx, cluster }: Acting): Promise<NewerFlagger> {
  const { progress, signal } = run;
  const plan = await currentPlan('auto');
  const builder = makeBuilder(plan, { progress, signal });
  const image = imageRef(plan, 'flagger');
  const definitions = join(await builder.folder('flagger'), 'files');
  if (!(await imagesOn(cluster)).has(image)) {
    await builder.image('flagger');
    await loadImage(cluster, join(shelf('images'), archiveName(plan, 'flagger')), signal);
  }
  await installDefinitions(ctx.kube, [definitions]);
  return { image, definitions };
}

/** Replaces Flagger by the newer one, and records the version before and after. */
export async function upgradeFlagger(
  { run, cluster }: Acting,
  { image, definitions }: NewerFlagger,
): Promise<void> {
  const { progress, signal } = run;
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
