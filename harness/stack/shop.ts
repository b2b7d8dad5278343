import { textAt } from '#harness/core/kubernetes.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { CANARY } from '#harness/kube/recording.ts';
import { isInPhase } from '#harness/kube/wait.ts';
import type { StackContext } from './component.ts';
import {
  type CanaryOptions,
  canaryOptions,
  type Release,
  type Reshape,
  SHOP,
  type ShopController,
  type ShopDeployment,
  shopManifests,
  type ShopPart,
  withReplicas,
} from './shop-manifests.ts';
import { databaseObjects } from './toxiproxy.ts';

export {
  canaryOptions,
  type CanaryOptions,
  type Release,
  type Reshape,
  SHOP,
  shopHost,
  type ShopDeployment,
} from './shop-manifests.ts';

/** Reference of the shop's Canary. */
export function shopCanary(namespace: string): typeof CANARY & { namespace: string; name: string } {
  return { ...CANARY, namespace, name: SHOP };
}

/** What each controller is given besides namespace and release. */
const PARTS_OF: Readonly<Record<ShopController, readonly ShopPart[]>> = {
  flagger: ['deployment', 'canary', 'route'],
  'argo-rollouts': ['route'],
  none: ['deployment', 'service', 'route'],
};

/**
 * Deploys the shop into a namespace of its own. With Flagger that is a Deployment with its Canary, check, alerts and
 * route, from which Flagger makes the primary: await `untilInitialised` before acting. With Argo Rollouts the Rollout
 * and what it splits come as `more`. Without either it is a Deployment and a Service behind the gateway.
 * @param more further objects of the shop, applied with the rest
 * @throws UsageError for a release name that cannot name an object, or a manifest that is refused
 */
export async function deployShop(
  ctx: StackContext,
  shop: ShopDeployment,
  more: readonly Manifest[] = [],
): Promise<void> {
  const { namespace, release, controller = 'flagger' } = shop;
  const { replicas } = canaryOptions(shop.canary);
  const manifests = await shopManifests(ctx, shop, ['namespace', 'release', ...PARTS_OF[controller]]);
  const sized = manifests.map((one) =>
    one.object.kind === 'Deployment' ? withReplicas(one, replicas) : one,
  );
  const { database: kept = false, database_proxy = false } = shop;
  const database = kept ? await databaseObjects(ctx, namespace, database_proxy) : [];
  ctx.progress(`deploying shop ${release} into ${namespace}`);
  await ctx.kube.apply([...database, ...sized, ...more], { namespace });
}

/** A release to ship: where and what, and what else the shop's pod template was made of. */
export interface Shipment extends Release {
  readonly canary?: Pick<CanaryOptions, 'progress_deadline_s'>;
  readonly database?: boolean;
  readonly reshape?: Reshape;
}

/**
 * Ships a release: first its document, then, in one atomic apply, the pod template that names it. Records
 * `release/shipped` at the moment the API server was asked.
 * @throws UsageError when the API server refuses it, a conflict with another field manager included
 */
export async function shipRelease(ctx: StackContext, shipment: Shipment, recorder?: Recorder): Promise<void> {
  const { namespace, release, document } = shipment;
  await ctx.kube.apply(await shopManifests(ctx, shipment, ['release']), { namespace });
  const manifests = await shopManifests(ctx, shipment, ['deployment']);
  ctx.progress(`shipping shop ${release} to ${namespace}`);
  const at = Date.now();
  await ctx.kube.apply(manifests, { namespace });
  recorder?.record({
    at,
    source: 'release',
    kind: 'shipped',
    subject: `Deployment/${namespace}/${SHOP}`,
    data: { release, document },
  });
}

export interface PhaseWait {
  readonly namespace: string;
  readonly deadline_s: number;
}

/**
 * Waits until the Canary is in one of the phases and returns which.
 * @throws DeadlineError with the last phase, weight and failed checks seen
 */
export async function untilPhase(
  ctx: StackContext,
  phases: readonly string[],
  { namespace, deadline_s }: PhaseWait,
): Promise<string> {
  const { kube, progress, signal } = ctx;
  const condition = isInPhase(shopCanary(namespace), phases);
  const canary = await kube.waitFor(condition, { deadline_s, progress, ...(signal ? { signal } : {}) });
  return textAt(canary, 'status', 'phase') ?? '';
}

/** Waits until Flagger has made the primary and handed the traffic to it. Throws DeadlineError. */
export async function untilInitialised(ctx: StackContext, wait: PhaseWait): Promise<void> {
  await untilPhase(ctx, ['Initialized', 'Succeeded'], wait);
}

/**
 * Asks for the removal of the shop with its namespace and all it holds. It goes on by itself: every run has a namespace
 * of its own, so none needs to wait for another's to be gone.
 */
export async function removeShop(ctx: StackContext, namespace: string): Promise<void> {
  await ctx.kube.beginRemoval({ api_version: 'v1', kind: 'Namespace', name: namespace });
}
