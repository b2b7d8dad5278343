import { setTimeout as delay } from 'node:timers/promises';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { DeadlineError, messageOf } from '#harness/core/errors.ts';
import type { Artifacts } from '#harness/images/artifacts.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { ShopAddress } from '#harness/stack/ask-shop.ts';
import type { ComponentName, StackContext } from '#harness/stack/component.ts';
import { listOrders } from '#harness/stack/shop-orders.ts';
import { deployShop, SHOP, shopHost, untilInitialised } from '#harness/stack/shop.ts';
import { releaseDocument } from './on-cluster.ts';
import type { Phases } from './phases.ts';

/** Where the shop of a cluster for people lives. */
const NAMESPACE = 'shop';
/** Its host name behind the gateway. */
export const DEMO_HOST = shopHost(NAMESPACE);

const BUDGET_S = 120;
/** The gateway learns of a route within a second; it offers nothing to watch, so it is asked. */
const ROUTE_BUDGET_S = 20;
const PAUSE_MS = 100;

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

/** Waits until the shop answers behind the gateway. Throws DeadlineError. */
async function untilServed(address: ShopAddress): Promise<void> {
  const until = Date.now() + ROUTE_BUDGET_S * 1000;
  for (;;) {
    try {
      await listOrders(address);
      return;
    } catch (error) {
      if (Date.now() > until) {
        const awaited = `the shop to answer as ${address.host}`;
        throw new DeadlineError(awaited, ROUTE_BUDGET_S, messageOf(error), { cause: error });
      }
    }
    await delay(PAUSE_MS);
  }
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
    await untilServed({ port: cluster.ports.gateway, host: DEMO_HOST });
  });
}
