import type { RunningCluster } from '#harness/cluster/types.ts';
import type { Artifacts } from '#harness/images/artifacts.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ComponentName, StackContext } from '#harness/stack/component.ts';
import { deployShop, SHOP, shopHost, untilInitialised } from '#harness/stack/shop.ts';
import { releaseDocument } from './on-cluster.ts';
import type { Phases } from './phases.ts';

/** Where the shop of a cluster for people lives. */
const NAMESPACE = 'shop';
/** Its host name behind the gateway. */
export const DEMO_HOST = shopHost(NAMESPACE);

const BUDGET_S = 120;

export interface DemoShopOptions {
  readonly artifacts: Pick<Artifacts, 'images' | 'manifests'>;
  readonly components: readonly ComponentName[];
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Whether the shop can be reached on a cluster with these parts. */
export function canServe(components: readonly ComponentName[]): boolean {
  return components.includes('traefik');
}

/**
 * Deploys a good release of the shop and waits until it serves: with Flagger's Canary where Flagger is, with its orders in
 * PostgreSQL where that is.
 * @throws DeadlineError when it does not get ready
 */
export async function deployDemoShop(cluster: RunningCluster, options: DemoShopOptions): Promise<void> {
  const { artifacts, components, phases, signal } = options;
  await using kube = kubeClient(cluster);
  await phases.phase('Shop', 'shop', async (progress) => {
    const ctx: StackContext = { kube, artifacts, components, progress, signal };
    const flagger = components.includes('flagger');
    await deployShop(ctx, {
      namespace: NAMESPACE,
      release: 'v1',
      document: await releaseDocument('good', 'v1'),
      controller: flagger ? 'flagger' : 'none',
      database: components.includes('postgres'),
    });
    if (flagger) await untilInitialised(ctx, { namespace: NAMESPACE, deadline_s: BUDGET_S });
    const shop = { ...DEPLOYMENT, namespace: NAMESPACE, name: flagger ? `${SHOP}-primary` : SHOP };
    await kube.waitFor(isCurrent(shop), { deadline_s: BUDGET_S, progress, signal });
  });
}
