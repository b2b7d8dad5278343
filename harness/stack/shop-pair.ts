import type { Split } from '#harness/gateway/adapter.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { StackContext } from './component.ts';
import { type Release, SHOP, shopHost, shopManifests, withReplicas } from './shop-manifests.ts';
import { serviceOver, underName } from './shop-named.ts';

/** Two releases of the shop side by side, each behind a Service of its own, with no controller over them. */
export interface ShopPair {
  readonly primary: Release;
  readonly canary: Release;
  /** Pods of each. */
  readonly replicas: number;
}

/** Name of a Service over the pods of both releases alike. */
export const ALL_PODS = `${SHOP}-all`;

/** The split of the pair's traffic. */
export function pairSplit(namespace: string): Split {
  return {
    namespace,
    name: SHOP,
    host: shopHost(namespace),
    primary: `${SHOP}-primary`,
    canary: `${SHOP}-canary`,
  };
}

/**
 * Deploys both releases and waits until their pods are ready. No route leads to them yet.
 * @throws UsageError for a manifest that is refused, DeadlineError when pods do not become ready
 */
export async function deployPair(ctx: StackContext, pair: ShopPair, deadline_s: number): Promise<void> {
  const { namespace } = pair.primary;
  const { primary, canary } = pairSplit(namespace);
  const releases = [
    [primary, pair.primary],
    [canary, pair.canary],
  ] as const;
  const parts = await Promise.all(
    releases.map(async ([name, release]) => {
      const manifests = await shopManifests(ctx, { ...release, controller: 'none' }, [
        'namespace',
        'release',
        'deployment',
      ]);
      return manifests.map((one) =>
        one.object.kind === 'Deployment' ? withReplicas(underName(one, name), pair.replicas) : one,
      );
    }),
  );
  const services = [
    ...releases.map(([name]) => serviceOver(name, namespace, { app: name })),
    serviceOver(ALL_PODS, namespace, { 'mettle.dev/part-of': SHOP }),
  ];
  const [first = [], second = []] = parts;
  const once = second.filter(({ object }) => object.kind !== 'Namespace');
  await ctx.kube.apply([...first, ...once, ...services], { namespace });
  const { kube, progress, signal } = ctx;
  await Promise.all(
    releases.map(([name]) =>
      kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name }), {
        deadline_s,
        progress,
        ...(signal ? { signal } : {}),
      }),
    ),
  );
}
