import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { readRelease } from '#harness/config/document.ts';
import { DeadlineError, messageOf } from '#harness/core/errors.ts';
import { listAt, numberAt } from '#harness/core/kubernetes.ts';
import { DEPLOYMENT, POD } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { StackContext } from '#harness/stack/component.ts';
import { listOrders } from '#harness/stack/shop-orders.ts';
import { deployShop, SHOP, shopHost } from '#harness/stack/shop.ts';
import type { Trial } from './fault.ts';

const GOOD = join(import.meta.dirname, '../../fixtures/releases/good.yaml');
const READY_S = 120;
/** The gateway learns of a route within a second; it offers nothing to watch, so it is asked. */
const SERVED_S = 30;
const PAUSE_MS = 100;

/**
 * Deploys what faults are tried out on into a namespace of its own: see `Trial` in `fault.ts`.
 * @throws DeadlineError when it does not get ready, or is not served
 */
export async function deployTrial(
  ctx: StackContext,
  cluster: RunningCluster,
  namespace: string,
): Promise<void> {
  const { document } = await readRelease(GOOD);
  await deployShop(ctx, {
    namespace,
    release: 'v1',
    document: { ...document, release: 'v1' },
    controller: 'none',
    database: ctx.components.includes('postgres'),
    database_proxy: true,
  });
  await ctx.kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: SHOP }), { deadline_s: READY_S });
  const deadline = performance.now() + SERVED_S * 1000;
  for (;;) {
    try {
      await listOrders({ port: cluster.ports.gateway, host: shopHost(namespace) });
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new DeadlineError(`the shop of ${namespace} to answer`, SERVED_S, messageOf(error));
      }
      await delay(PAUSE_MS);
    }
  }
}

/**
 * Replaces the shop's pods whose containers were started again before: the kubelet waits longer before each further
 * start (10 s, 20 s, 40 s), which would be measured as what the next fault left.
 */
export async function freshPods({ ctx: { kube }, namespace }: Trial): Promise<void> {
  const pods = await kube.list({ ...POD, namespace, labels: `app=${SHOP}` });
  const used = pods.filter((pod) =>
    listAt(pod, 'status', 'containerStatuses').some((one) => (numberAt(one, 'restartCount') ?? 0) > 0),
  );
  if (used.length === 0) return;
  for (const { metadata } of used) {
    await kube.remove({ ...POD, namespace, name: metadata.name }, { deadline_s: READY_S, grace_s: 0 });
  }
  await kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: SHOP }), { deadline_s: READY_S });
}
