import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Split } from '#harness/gateway/adapter.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import type { StackContext } from './component.ts';
import { made, type Release, SHOP, shopHost, shopManifests, withReplicas } from './shop-manifests.ts';

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

function record(value: unknown): Record<string, unknown> {
  return { ...Object(value) };
}

/** The shop's Deployment under another name, with the label `app` of that name. */
function renamed({ object, position }: Manifest, name: string): Manifest {
  if (object.kind !== 'Deployment') return { object, position };
  const spec = record(object['spec']);
  const template = record(spec['template']);
  const metadata = record(template['metadata']);
  const labels = { ...record(metadata['labels']), app: name };
  const changed: KubeObject = {
    ...object,
    metadata: { ...object.metadata, name },
    spec: {
      ...spec,
      selector: { matchLabels: { app: name } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  };
  return { object: changed, position };
}

function service(name: string, namespace: string, selector: Readonly<Record<string, string>>): Manifest {
  return made({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
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
        one.object.kind === 'Deployment' ? withReplicas(renamed(one, name), pair.replicas) : one,
      );
    }),
  );
  const services = [
    ...releases.map(([name]) => service(name, namespace, { app: name })),
    service(ALL_PODS, namespace, { 'mettle.dev/part-of': SHOP }),
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
