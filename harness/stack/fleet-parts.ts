import { UsageError } from '#harness/core/errors.ts';
import type { Manifest, Value } from '#harness/kube/manifests.ts';
import { type Component, type ComponentName, manifestsOf, type StackContext } from './component.ts';
import type { FluxSettings } from './flux.ts';
import type { ShopInGit } from './shop-git.ts';
import { SHOP } from './shop-manifests.ts';

/**
 * What Flux is given where a whole cluster comes from Git. Each part waits for the health of what it applied and takes a
 * place meanwhile, definitions are built in memory, and a repository that comes back is noticed soon.
 */
export const FOR_FLEET: FluxSettings = {
  requeue_dependency_s: 1,
  concurrent: 24,
  memory_mib: 1024,
  source_retry_max_s: 5,
};

/**
 * The two views that Flux has of the repository. A commit that ships a release is for the shop alone: were every part
 * looked through again at each, that would cost two cores 10 s.
 */
export const SOURCES = { fleet: 'fleet', shop: SHOP } as const;

/**
 * Paces of a fleet, in seconds: how often each source is asked, how often drift is looked for, and when what failed is
 * tried again. Definitions are large, and nobody changes them by hand.
 */
export const FLEET_INTERVAL_S = {
  source: { fleet: 300, shop: 5 },
  root: 300,
  definitions: 600,
  component: 60,
  shop: 10,
  retry: 2,
} as const;

/** Longest time for the health of a part. The database may have to be restored. */
const HEALTH_TIMEOUT_S = 120;

/** One Kustomization of a fleet. */
export interface FleetPart {
  readonly name: string;
  /** Subject of its records. */
  readonly step: string;
  readonly of: 'definitions' | 'component' | 'shop';
  /** Folder of the repository. */
  readonly path: string;
  /** Parts that must have been applied before. */
  readonly after: readonly string[];
}

/** What the parts of a fleet follow from. */
export interface FleetChoice {
  readonly components: readonly Component[];
  readonly shop: ShopInGit;
}

/**
 * Satisfied once a part's objects are in the cluster, healthy or not: with its definitions served, what is of their kinds
 * can be applied, and pods wait by themselves for what they need.
 */
const APPLIED = 'has(dep.status.inventory)';

/** A Canary that Flagger has not taken up yet has no phase: that is no value to compare, and so not healthy either. */
const INITIALISED = {
  apiVersion: 'flagger.app/v1beta1',
  kind: 'Canary',
  current: "status.phase != '' && status.phase != 'Initializing'",
} as const;

/**
 * Components that the shop needs: its gateway, who rolls it out, and its database.
 * @throws UsageError for a shop that no repository can hold
 */
function shopNeeds(shop: ShopInGit): readonly ComponentName[] {
  const { gateway = 'traefik', controller = 'flagger', database = false, rollout } = shop;
  if (controller === 'none') throw new UsageError('a shop that nobody rolls out cannot come from Git');
  if (controller === 'argo-rollouts' && rollout === undefined) {
    throw new UsageError('the shop is rolled out by argo-rollouts, and no Rollout of it was given');
  }
  return [gateway, controller, ...(database ? (['postgres'] as const) : [])];
}

function checkComplete(components: readonly Component[], needed: readonly ComponentName[]): void {
  const names = new Set(components.map(({ name }) => name));
  const absent = (['flux', ...needed] as const).filter((name) => !names.has(name));
  if (absent.length === 0) return;
  throw new UsageError(`a cluster cannot be rebuilt from Git without ${absent.join(', ')}`, {
    next: `Add ${absent.join(', ')} to its components.`,
  });
}

/** Components with all that they need themselves. */
function withNeeds(components: readonly Component[], wanted: readonly ComponentName[]): ReadonlySet<string> {
  const chosen = new Set<ComponentName>();
  const waiting = [...wanted];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (chosen.has(name)) continue;
    chosen.add(name);
    waiting.push(...(components.find((one) => one.name === name)?.needs ?? []));
  }
  return chosen;
}

const definitionsPart = (folder: string): string => `definitions-${folder}`;

/**
 * The Kustomizations of a fleet. A component waits for the definitions that it brings along, the shop for the parts that
 * define its objects. What the shop does not need waits for these too, so that two cores bring the shop back first.
 * @throws UsageError when the shop needs a component that is not among them or Flux is not, and for a shop that cannot
 *   come from Git
 */
export function fleetParts({ components, shop }: FleetChoice): readonly FleetPart[] {
  const needed = shopNeeds(shop);
  checkComplete(components, needed);
  const first = withNeeds(components, needed);
  const later = (of: readonly Component[]): readonly string[] =>
    of.some(({ name }) => first.has(name)) ? [] : needed;
  const folders = Map.groupBy(
    components.flatMap((component) => component.definitions.map((folder) => ({ folder, component }))),
    ({ folder }) => folder,
  );
  const definitions = [...folders].map(([folder, users]): FleetPart => {
    const step = `definitions/${folder}`;
    const after = later(users.map(({ component }) => component));
    return { name: definitionsPart(folder), step, of: 'definitions', path: step, after };
  });
  // One of definitions alone has nothing else to apply.
  const running = components.filter(({ workloads }) => workloads.length > 0);
  const parts = running.map((component): FleetPart => {
    const { name } = component;
    const after = [...later([component]), ...component.definitions.map(definitionsPart)];
    return { name, step: `component/${name}`, of: 'component', path: `components/${name}`, after };
  });
  const last: FleetPart = {
    name: SHOP,
    step: `component/${SHOP}`,
    of: 'shop',
    path: `apps/${SHOP}`,
    after: needed,
  };
  return [...definitions, ...parts, last];
}

/** What the shop's Kustomization has besides: its objects name no namespace, and it is ready once Flagger has it. */
function ofShop({ namespace, controller = 'flagger' }: ShopInGit): object {
  const exprs = controller === 'flagger' ? { healthCheckExprs: [INITIALISED] } : {};
  return { targetNamespace: namespace, ...exprs };
}

/** The Kustomization of one part, as Flux reads it. */
export async function partManifest(
  ctx: StackContext,
  { name, of, path, after }: FleetPart,
  shop: ShopInGit,
): Promise<Manifest> {
  const values: Record<string, Value> = {
    name,
    path,
    source: of === 'shop' ? SOURCES.shop : SOURCES.fleet,
    interval_s: FLEET_INTERVAL_S[of],
    retry_interval_s: FLEET_INTERVAL_S.retry,
    timeout_s: HEALTH_TIMEOUT_S,
  };
  const [read] = await manifestsOf(ctx, 'fleet/part', values);
  if (read === undefined) throw new UsageError('fleet/part holds no Kustomization');
  const { object, position } = read;
  const dependsOn = after.map((one) => ({ name: one, readyExpr: APPLIED }));
  const spec = {
    ...Object(object['spec']),
    ...(dependsOn.length > 0 ? { dependsOn } : {}),
    ...(of === 'shop' ? ofShop(shop) : {}),
  };
  return { object: { ...object, spec }, position };
}
