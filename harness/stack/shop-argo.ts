import { at, type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { Manifest, Value } from '#harness/kube/manifests.ts';
import { ROLLOUT } from '#harness/kube/recording.ts';
import { type Condition, nameOfRef } from '#harness/kube/wait.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { type ChosenRollout, type RolloutOptions, rolloutOptions } from './rollout-options.ts';
import { type Release, type Reshape, reshaped, SHOP, shopManifests } from './shop-manifests.ts';

export { type RolloutOptions, rolloutOptions } from './rollout-options.ts';

/** A release of the shop with the Rollout that ships it. */
export interface RolloutShop extends Release {
  readonly rollout?: RolloutOptions;
  /** Orders go to PostgreSQL, whose Secret is there. */
  readonly database?: boolean;
  readonly reshape?: Reshape;
}

/** Reference of the shop's Rollout. */
export function shopRollout(namespace: string): typeof ROLLOUT & { namespace: string; name: string } {
  return { ...ROLLOUT, namespace, name: SHOP };
}

function changed({ object, position }: Manifest, spec: object): Manifest {
  return { object: { ...object, spec: { ...Object(object['spec']), ...spec } }, position };
}

/**
 * A measurement is good if there is a value within the limit; the blind way to write it minds only a value beyond it.
 */
function condition({ no_data, check_max_pct }: ChosenRollout): object {
  return no_data === 'fails'
    ? { successCondition: `len(result) > 0 && result[0] <= ${check_max_pct}` }
    : { failureCondition: `len(result) > 0 && result[0] > ${check_max_pct}` };
}

function errorRate(manifest: Manifest, options: ChosenRollout): Manifest {
  const count = options.strategy === 'blue-green' ? { count: options.measurements } : {};
  const metric: object = Object(at(manifest.object, 'spec', 'metrics', 0));
  return changed(manifest, { metrics: [{ ...metric, ...condition(options), ...count }] });
}

function strategyOf(object: KubeObject, options: ChosenRollout): object {
  const name = options.strategy === 'canary' ? 'canary' : 'blueGreen';
  const unlabelled: readonly string[] =
    options.role_labels === 'given'
      ? []
      : ['canaryMetadata', 'stableMetadata', 'previewMetadata', 'activeMetadata'];
  const given = Object.entries(Object(at(object, 'spec', 'strategy', name)));
  const steps = options.steps.flatMap(({ weight_pct, pause_s }) => [
    { setWeight: weight_pct },
    { pause: { duration: `${pause_s}s` } },
  ]);
  return {
    [name]: {
      ...Object.fromEntries(given.filter(([key]) => !unlabelled.includes(key))),
      ...(options.strategy === 'canary' ? { steps } : {}),
    },
  };
}

/** Where the pods come from: a template of the Rollout's own, or the Deployment's by reference. */
function podsOf(deployment: KubeObject, { workload_scale_down }: ChosenRollout): object {
  if (workload_scale_down === undefined) {
    return {
      selector: at(deployment, 'spec', 'selector'),
      template: at(deployment, 'spec', 'template'),
    };
  }
  return {
    workloadRef: {
      apiVersion: deployment.apiVersion,
      kind: deployment.kind,
      name: deployment.metadata.name,
      scaleDown: workload_scale_down,
    },
  };
}

function rolloutOf(manifest: Manifest, deployment: KubeObject, options: ChosenRollout): Manifest {
  const { object, position } = manifest;
  const lost = options.unsubscribed.map((trigger) => `/subscribe.${trigger}.`);
  const annotations = Object.fromEntries(
    Object.entries(object.metadata.annotations ?? {}).filter(
      ([key]) => !lost.some((trigger) => key.includes(trigger)),
    ),
  );
  return changed(
    { object: { ...object, metadata: { ...object.metadata, annotations } }, position },
    { strategy: strategyOf(object, options), ...podsOf(deployment, options) },
  );
}

async function deploymentOf(ctx: StackContext, shop: RolloutShop): Promise<Manifest> {
  const { progress_deadline_s } = rolloutOptions(shop.rollout);
  const found = await shopManifests(ctx, { ...shop, canary: { progress_deadline_s } }, ['deployment']);
  const deployment = found.find(({ object }) => object.kind === 'Deployment');
  if (deployment === undefined) throw new Error('the manifests of the shop hold no Deployment');
  return deployment;
}

/**
 * The Rollout with its Services, analyses and, for a canary, the TraefikService that it splits by. Objects name no
 * namespace except where they must.
 */
export async function rolloutManifests(ctx: StackContext, shop: RolloutShop): Promise<Manifest[]> {
  const options = rolloutOptions(shop.rollout);
  const { namespace } = shop;
  const values: Record<string, Value> = { namespace };
  for (const [name, value] of Object.entries(options)) if (typeof value !== 'object') values[name] = value;
  const [deployment, analyses, rest] = await Promise.all([
    deploymentOf(ctx, shop),
    manifestsOf(ctx, 'shop-rollout-analysis', values),
    manifestsOf(ctx, `shop-rollout-${options.strategy}`, values),
  ]);
  return [
    ...analyses.map((one) => (one.object.metadata.name === 'error-rate' ? errorRate(one, options) : one)),
    ...rest.map((one) => (one.object.kind === 'Rollout' ? rolloutOf(one, deployment.object, options) : one)),
  ].map((one) => reshaped(one, shop));
}

/**
 * Deploys the shop into a namespace of its own, with the way from the gateway to it: under a Rollout, which is to be
 * awaited by `untilRolloutEnded`; or, to be moved to one later, as a Deployment behind the Services that the Rollout
 * will use.
 * @throws UsageError for a release name that cannot name an object, or a manifest that is refused
 */
export async function deployRolloutShop(
  ctx: StackContext,
  shop: RolloutShop,
  as: 'rollout' | 'deployment' = 'rollout',
): Promise<void> {
  const { namespace, release } = shop;
  const { strategy, workload_scale_down, replicas } = rolloutOptions(shop.rollout);
  const parts = await shopManifests(ctx, { ...shop, controller: 'argo-rollouts' }, [
    'namespace',
    'release',
    // Blue/green brings its own route, to the active Service.
    ...(strategy === 'canary' ? (['route'] as const) : []),
  ]);
  const deployment = workload_scale_down === undefined ? [] : [await deploymentOf(ctx, shop)];
  ctx.progress(`deploying shop ${release} as a ${as} into ${namespace}`);
  const rest = await rolloutManifests(ctx, shop);
  const rollout = as === 'rollout' ? rest : rest.filter(({ object }) => object.kind !== 'Rollout');
  // As a Deployment that had served alone: the controller scales it down, and owns its number of pods from then on.
  const sized = deployment.map((one) => changed(one, { replicas }));
  await ctx.kube.apply([...parts, ...sized, ...rollout], { namespace });
}

/**
 * Moves the shop from its Deployment to a Rollout that refers to it. Services and route stay as they are: the
 * controller narrows the Services to its own pods once they are ready, and scales the Deployment down.
 * @throws UsageError when the API server refuses the Rollout
 */
export async function moveToRollout(ctx: StackContext, shop: RolloutShop): Promise<void> {
  const { namespace } = shop;
  const manifests = await rolloutManifests(ctx, shop);
  ctx.progress(`moving the shop of ${namespace} to a Rollout`);
  await ctx.kube.apply(
    manifests.filter(({ object }) => object.kind === 'Rollout'),
    { namespace },
  );
}

/**
 * Ships a release: first its document, then, in one atomic apply, the pod template that names it, in the Rollout or
 * in the Deployment that it refers to. Records `release/shipped` at the moment the API server was asked.
 * @throws UsageError when the API server refuses it, a conflict with another field manager included
 */
export async function shipToRollout(
  ctx: StackContext,
  shipment: RolloutShop,
  recorder?: Recorder,
): Promise<void> {
  const { namespace, release, document } = shipment;
  await ctx.kube.apply(await shopManifests(ctx, shipment, ['release']), { namespace });
  const by_reference = rolloutOptions(shipment.rollout).workload_scale_down !== undefined;
  const shipped = by_reference
    ? await deploymentOf(ctx, shipment)
    : (await rolloutManifests(ctx, shipment)).find(({ object }) => object.kind === 'Rollout');
  if (shipped === undefined) throw new Error('the manifests of the shop hold no Rollout');
  ctx.progress(`shipping shop ${release} to ${namespace}`);
  const sent_at = Date.now();
  await ctx.kube.apply([shipped], { namespace });
  recorder?.record({
    at: sent_at,
    source: 'release',
    kind: 'shipped',
    subject: `${shipped.object.kind}/${namespace}/${SHOP}`,
    data: { release, document },
  });
}

/** How a wait for a Rollout ended. */
export type RolloutEnd = 'rolled-out' | 'aborted';

/**
 * A Rollout to have come to an end: all that was asked for is stable, or an abort. What the controller has not seen yet
 * is no end.
 */
function hasEnded(namespace: string, before: string): Condition<RolloutEnd> {
  const ref = shopRollout(namespace);
  return {
    awaited: `${nameOfRef(ref)} to be rolled out or aborted`,
    of: ref,
    test([object]) {
      const { standing, message } = statusOf(object);
      if (object && standing === 'Current' && stableHash(object) !== before)
        return { met: true, value: 'rolled-out' };
      if (standing === 'Failed' && at(object, 'status', 'abort') === true) {
        return { met: true, value: 'aborted' };
      }
      return { met: false, seen: message };
    },
  };
}

export interface RolloutWait {
  readonly namespace: string;
  readonly deadline_s: number;
  /** Stable hash before the release was shipped: until it has changed, nothing was rolled out. */
  readonly before?: string;
}

/** Waits until the Rollout has come to an end and returns which. Throws DeadlineError with what was last seen. */
export async function untilRolloutEnded(
  ctx: StackContext,
  { namespace, deadline_s, before = '' }: RolloutWait,
): Promise<RolloutEnd> {
  const { kube, progress, signal } = ctx;
  return await kube.waitFor(hasEnded(namespace, before), {
    deadline_s,
    progress,
    ...(signal ? { signal } : {}),
  });
}

/** Hash of the pods that a Rollout has made stable; empty before the first. */
function stableHash(rollout: KubeObject | undefined): string {
  return textAt(rollout, 'status', 'stableRS') ?? '';
}

/** Hash of the pods that the shop's Rollout has made stable; empty before the first. */
export async function stableHashOf(ctx: StackContext, namespace: string): Promise<string> {
  return stableHash(await ctx.kube.get(shopRollout(namespace)));
}
