/** Another service of the shop's namespace, made of the shop's own image: one that it asks, or one that takes its work. */
import type { Manifest } from '#harness/kube/manifests.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { shopManifests, withReplicas } from '#harness/stack/shop-manifests.ts';
import { serviceOver, underName } from '#harness/stack/shop-named.ts';
import { type Acting, releaseDocument } from '../on-cluster.ts';

/** Pods start in 2 s each and go one after the other. */
const READY_S = 60;

export interface BesideRelease {
  /** Of its Deployment, its Service and the label `app` of its pods. */
  readonly app: string;
  /** On its pods; releases of one namespace have names of their own, whatever they are of. */
  readonly release: string;
  /** Release document under `fixtures/releases`. */
  readonly file: string;
  readonly replicas: number;
  /** It reads and writes the shop's database. */
  readonly database?: boolean;
  /** The old pods are gone before the first new one is made. */
  readonly recreate?: boolean;
}

function recreated({ object, position }: Manifest): Manifest {
  return {
    object: { ...object, spec: { ...Object(object['spec']), strategy: { type: 'Recreate' } } },
    position,
  };
}

/**
 * Deploys it, and waits until its pods are ready.
 * @throws UsageError when the API server refuses it, DeadlineError when they do not get ready
 */
export async function deployBeside(
  { run, ctx, namespace }: Acting,
  { app, release, file, replicas, database = false, recreate = false }: BesideRelease,
): Promise<void> {
  const document = await releaseDocument(file, release);
  const shop = { namespace, release, document, controller: 'none', database } as const;
  const manifests = (await shopManifests(ctx, shop, ['release', 'deployment'])).map((one) => {
    if (one.object.kind !== 'Deployment') return one;
    const sized = withReplicas(underName(one, app), replicas);
    return recreate ? recreated(sized) : sized;
  });
  await ctx.kube.apply([...manifests, serviceOver(app, namespace, { app })], { namespace });
  await ctx.kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: app }), {
    deadline_s: READY_S,
    progress: run.progress,
    signal: run.signal,
  });
}
