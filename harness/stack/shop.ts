import { stringify } from 'yaml';
import { UsageError } from '#harness/core/errors.ts';
import { type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL } from '#harness/core/object-fields.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { Manifest, Value } from '#harness/kube/manifests.ts';
import { CANARY } from '#harness/kube/recording.ts';
import { isInPhase } from '#harness/kube/wait.ts';
import { manifestsOf, type StackContext } from './component.ts';

/** How a release of the shop is rolled out and judged. Every default is what a careful team would choose, scaled down. */
export interface CanaryOptions {
  /** Pace of the analysis; Flagger accepts nothing under 10 s. */
  readonly interval_s?: number;
  /** Failed checks before the rollback. */
  readonly threshold?: number;
  readonly step_weight_pct?: number;
  readonly max_weight_pct?: number;
  readonly progress_deadline_s?: number;
  /** Name of the one check: the share of server errors among the canary's answers. */
  readonly check_name?: string;
  /** The check fails above this share, in percent. */
  readonly check_max_pct?: number;
  /** Pods of the primary and of the canary. */
  readonly replicas?: number;
  /** Seeded defect: the counter that the check reads; one that does not exist makes the judge blind. */
  readonly metric?: string;
  /** Seeded defect: `ignores-weights` routes to all pods alike. */
  readonly gateway?: 'weighted' | 'ignores-weights';
}

/** The options with their defaults, as the specification of a run declares them. */
export function canaryOptions(given: CanaryOptions = {}): Required<CanaryOptions> {
  return {
    interval_s: 10,
    threshold: 2,
    step_weight_pct: 10,
    max_weight_pct: 50,
    progress_deadline_s: 60,
    check_name: 'error-rate',
    check_max_pct: 1,
    replicas: 2,
    metric: 'http_requests_total',
    gateway: 'weighted',
    ...given,
  };
}

/** A release of the shop: its name and the document that says how it behaves. */
export interface Release {
  readonly namespace: string;
  readonly release: string;
  /** The release document, as YAML text or as a value that is written as YAML. */
  readonly document: unknown;
}

export interface ShopDeployment extends Release {
  readonly canary?: CanaryOptions;
}

/** Flagger's fixed name of the Deployment it watches, and of everything around it. */
export const SHOP = 'shop';
const RELEASE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/;

/** The name that the gateway routes to the shop of a namespace. */
export function shopHost(namespace: string): string {
  return `shop.${namespace}.test`;
}

/** Reference of the shop's Canary. */
export function shopCanary(namespace: string): typeof CANARY & { namespace: string; name: string } {
  return { ...CANARY, namespace, name: SHOP };
}

function made(object: KubeObject): Manifest {
  return { object, position: { file: 'harness/stack/shop.ts', line: 1, column: 1 } };
}

function releaseMap({ namespace, release, document }: Release): Manifest {
  return made({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `shop-release-${release}`, namespace, labels: { [RELEASE_LABEL]: release } },
    data: { 'release.yaml': typeof document === 'string' ? document : stringify(document) },
  });
}

function checkName(release: string): void {
  if (RELEASE_NAME.test(release)) return;
  throw new UsageError(
    `release ${JSON.stringify(release)} cannot name an object: use at most 42 lower-case letters, digits and hyphens`,
  );
}

interface DeploymentChange extends Release {
  readonly progress_deadline_s: number;
  /** Only the first apply says how many: afterwards Flagger owns the number, and naming it would be a conflict. */
  readonly replicas?: number;
}

async function deploymentOf(ctx: StackContext, change: DeploymentChange): Promise<Manifest[]> {
  const { namespace, release, replicas, progress_deadline_s } = change;
  const manifests = await manifestsOf(ctx, 'shop', { namespace, release, progress_deadline_s });
  return replicas === undefined ? manifests : manifests.map((manifest) => withReplicas(manifest, replicas));
}

function withReplicas({ object, position }: Manifest, replicas: number): Manifest {
  return { object: { ...object, spec: { ...Object(object['spec']), replicas } }, position };
}

/** Flagger repeats an interval of the Canary's in its own words: the check looks back over one of them. */
function canaryValues(options: Required<CanaryOptions>): Record<string, Value> {
  const { gateway: _gateway, replicas: _replicas, ...values } = options;
  return { ...values, check_window_s: options.interval_s };
}

/**
 * Deploys the shop with its Canary, check, alerts and route into a namespace of its own; Flagger then makes the
 * primary. Await `untilInitialised` before acting.
 * @throws UsageError for a release name that cannot name an object, or a manifest that is refused
 */
export async function deployShop(ctx: StackContext, shop: ShopDeployment): Promise<void> {
  const { namespace, release } = shop;
  checkName(release);
  const options = canaryOptions(shop.canary);
  const values = { namespace, ...canaryValues(options) };
  const { replicas, progress_deadline_s, gateway } = options;
  const manifests = await Promise.all([
    deploymentOf(ctx, { ...shop, replicas, progress_deadline_s }),
    manifestsOf(ctx, 'shop-canary', values),
    manifestsOf(ctx, `shop-gateway/${gateway}`, values),
  ]);
  const home = made({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'mettle.dev/part-of': SHOP } },
  });
  ctx.progress(`deploying shop ${release} into ${namespace}`);
  await ctx.kube.apply([home, releaseMap(shop), ...manifests.flat()], { namespace });
}

/** A release to ship: where and what, and the deadline that the Canary was deployed with. */
export interface Shipment extends Release {
  readonly canary?: Pick<CanaryOptions, 'progress_deadline_s'>;
}

/**
 * Ships a release: first its document, then, in one atomic apply, the pod template that names it. Records
 * `release/shipped` at the moment the API server was asked.
 * @throws UsageError when the API server refuses it, a conflict with another field manager included
 */
export async function shipRelease(ctx: StackContext, shipment: Shipment, recorder?: Recorder): Promise<void> {
  const { namespace, release, document } = shipment;
  checkName(release);
  const { progress_deadline_s } = canaryOptions(shipment.canary);
  await ctx.kube.apply([releaseMap(shipment)], { namespace });
  const manifests = await deploymentOf(ctx, { ...shipment, progress_deadline_s });
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
