import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { GitRemote } from '#harness/git/checkout.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { repositoryUrlInside } from './git.ts';
import {
  canaryOptions,
  made,
  SHOP,
  shopHost,
  type ShopDeployment,
  shopManifests,
  type ShopPart,
} from './shop-manifests.ts';

/** What makes the namespace be what the repository says. */
export type Applier = 'kustomization' | 'helm-release';

/** Kinds, controllers and their field managers, by how the shop is applied. */
export const APPLIERS = {
  kustomization: { kind: 'Kustomization', manager: 'kustomize-controller' },
  'helm-release': { kind: 'HelmRelease', manager: 'helm-controller' },
} as const satisfies Record<Applier, { kind: string; manager: string }>;

/** Paces of Flux, in seconds: how often the repository is asked, and how often drift is looked for. */
export const FLUX_INTERVAL_S = { source: 5, apply: 10 } as const;

/** Branch that is delivered. */
export const DELIVERED_BRANCH = 'main';

/** Contents of files by their path in the repository. */
export type RepositoryFiles = Readonly<Record<string, string>>;

const CHART = join(import.meta.dirname, '../../fixtures/charts/shop');
const FOLDER = 'apps/shop/';
const KUSTOMIZATION = `${FOLDER}kustomization.yaml`;

/** The formats of Flux that the chat understands: type of the Provider, and where it posts to. */
const PROVIDERS = {
  slack: 'http://chat.chat:8080/hooks/flux',
  // Rocket.Chat's incoming webhooks have an identifier and a token in their path.
  rocket: 'http://chat.chat:8080/hooks/flux/token',
  generic: 'http://chat.chat:8080/webhook/flux',
} as const;

export type FluxProvider = keyof typeof PROVIDERS;

/**
 * Kinds that Argo Rollouts changes after they were made: weights in a TraefikService, the pods' hash in a Service's selector.
 * Both are fields that an apply replaces whole, so Flux would set them back at every look for drift.
 */
const MADE_ONCE = new Set(['TraefikService', 'Service']);
const IF_NOT_PRESENT = { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' };

function fileOf(manifests: readonly Manifest[]): string {
  return manifests.map(({ object }) => stringify(madeOnce(object), { lineWidth: 0 })).join('---\n');
}

function madeOnce(object: Manifest['object']): object {
  if (!MADE_ONCE.has(object.kind)) return object;
  const { metadata } = object;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...IF_NOT_PRESENT } },
  };
}

function releasePath(release: string): string {
  return `${FOLDER}releases/${release}.yaml`;
}

/** The file that names the files and folders of a folder, for kustomize. */
export function kustomization(resources: readonly string[]): string {
  return stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...resources].sort(),
  });
}

/** Folders of a gated delivery that go before the release, in their order. */
const STEPS = ['guard', 'migrate'] as const;

/** What goes before a release: the guard's objects, and the migration's. */
export type ReleaseSteps = Readonly<Record<(typeof STEPS)[number], readonly Manifest[]>>;

/** The folders of a gated delivery that go before the release. One without a migration is there as well, and does nothing. */
export function stepFiles(steps: ReleaseSteps): RepositoryFiles {
  const files = STEPS.flatMap((step): readonly (readonly [string, string])[] => {
    // kustomize takes no folder without an object.
    const mark = made({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `shop-step-${step}` },
      data: { migration: steps[step].map(({ object }) => object.metadata.name).join(' ') || 'none' },
    });
    return [
      [`${step}/step.yaml`, fileOf([mark, ...steps[step]])],
      [`${step}/kustomization.yaml`, kustomization(['step.yaml'])],
    ];
  });
  return Object.fromEntries(files);
}

/** Files of the pieces that Flagger rolls out, by name. */
const FLAGGER_FILES: Readonly<Record<string, ShopPart>> = {
  'deployment.yaml': 'deployment',
  'canary.yaml': 'canary',
  'route.yaml': 'route',
};

/** The shop as a repository holds it; releases that pods may still read stay in it. */
export interface ShopInGit extends ShopDeployment {
  /** Releases that were shipped before: their documents stay. */
  readonly former?: readonly string[];
  /** What takes the place of Deployment and Canary where another controller rolls out: the file and its objects. */
  readonly rollout?: readonly Manifest[];
  /** Further objects by the name of their file. */
  readonly more?: Readonly<Record<string, readonly Manifest[]>>;
}

/**
 * The shop under `apps/shop`, as a kustomization of one file for each piece and one for each release. No number of pods is
 * among them where Flagger owns it.
 * @throws UsageError for a release name that cannot name an object
 */
export async function kustomizationFiles(ctx: StackContext, shop: ShopInGit): Promise<RepositoryFiles> {
  const { release, former = [], rollout, more = {} } = shop;
  const read = async (part: ShopPart): Promise<string> => fileOf(await shopManifests(ctx, shop, [part]));
  const pieces: readonly (readonly [string, string])[] = rollout
    ? [
        ['rollout.yaml', fileOf(rollout)],
        ['route.yaml', await read('route')],
      ]
    : await Promise.all(
        Object.entries(FLAGGER_FILES).map(async ([name, part]) => [name, await read(part)] as const),
      );
  const others = Object.entries(more).map(([name, manifests]) => [name, fileOf(manifests)] as const);
  const named = [...pieces, ...others];
  const releases = [...former, release].map((name) => releasePath(name).slice(FOLDER.length));
  return {
    ...Object.fromEntries(named.map(([name, text]) => [`${FOLDER}${name}`, text])),
    [releasePath(release)]: await read('release'),
    [KUSTOMIZATION]: kustomization([...named.map(([name]) => name), ...releases]),
  };
}

/** The document of a release alone: a change of configuration that leaves the workload's own manifest as it is. */
export async function configurationFiles(ctx: StackContext, shop: ShopDeployment): Promise<RepositoryFiles> {
  return { [releasePath(shop.release)]: fileOf(await shopManifests(ctx, shop, ['release'])) };
}

/** The chart of the shop, under `charts/shop`. */
export async function chartFiles(): Promise<RepositoryFiles> {
  const names = await readdir(CHART, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const read = files.map(async (entry): Promise<readonly [string, string]> => {
    const path = join(entry.parentPath, entry.name);
    return [join('charts/shop', path.slice(CHART.length + 1)), await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(read));
}

/** The values of one release of the chart: what a team changes to ship it. */
export function chartValues(ctx: StackContext, shop: ShopDeployment): RepositoryFiles {
  const { namespace, release, document } = shop;
  const options = canaryOptions(shop.canary);
  const values = {
    release,
    document: typeof document === 'string' ? document : stringify(document),
    image: ctx.artifacts.images['shop'] ?? 'mettle/shop',
    host: shopHost(namespace),
    analysis: {
      interval_s: options.interval_s,
      threshold: options.threshold,
      stepWeight: options.step_weight_pct,
      maxWeight: options.max_weight_pct,
      progressDeadline_s: options.progress_deadline_s,
      check: { name: options.check_name, metric: options.metric, max_pct: options.check_max_pct },
    },
  };
  return { [`${FOLDER}values.yaml`]: stringify(values) };
}

/** How a namespace is delivered to. */
export interface Delivery {
  readonly namespace: string;
  /** Name of the repository on the cluster's Git server, and the credentials to read it. */
  readonly repository: string;
  readonly remote: GitRemote;
  readonly applier: Applier;
  /** What is judged and what is migrated are folders of their own, which go before the release. By kustomization only. */
  readonly gated?: boolean;
  /** Seeded defect: Flux fetches and applies nothing. */
  readonly suspended?: boolean;
  /** How Flux speaks to the chat; `slack` when absent. */
  readonly providers?: readonly FluxProvider[];
}

/**
 * Points Flux at a repository: the namespace with the one account that may act in it, the source, what applies it, and
 * the chat that is told. Nothing of the shop itself is applied here: that comes by commit.
 * @throws UsageError for a manifest that is refused
 */
export async function beginDelivery(ctx: StackContext, delivery: Delivery): Promise<void> {
  const { namespace, repository, remote, applier, gated = false } = delivery;
  const { suspended = false, providers = ['slack'] } = delivery;
  const values = {
    namespace,
    suspended,
    repository_url: repositoryUrlInside(repository),
    branch: DELIVERED_BRANCH,
    source_interval_s: FLUX_INTERVAL_S.source,
    apply_interval_s: FLUX_INTERVAL_S.apply,
  };
  const read = await Promise.all([
    manifestsOf(ctx, 'shop-git/tenant', values),
    manifestsOf(ctx, 'shop-git/source', values),
    manifestsOf(ctx, `shop-git/${gated ? 'gated' : applier}`, values),
    ...providers.map((provider) =>
      manifestsOf(ctx, 'shop-git/notify', { provider, channel: 'flux', address: PROVIDERS[provider] }),
    ),
  ]);
  const home = made({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'mettle.dev/part-of': SHOP } },
  });
  const { username, password } = remote;
  const access = made({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'git-access', namespace },
    type: 'Opaque',
    stringData: { username, password },
  });
  ctx.progress(`pointing Flux at ${repository} for ${namespace}`);
  await ctx.kube.apply([home, access, ...read.flat()], { namespace });
}
