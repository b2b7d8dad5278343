import { UnfitError } from '#harness/core/errors.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import type { SealedSecret } from '#harness/offsite/sealed.ts';
import { manifestsOf, type StackContext } from './component.ts';
import { componentManifests, FLEET_PATH } from './fleet.ts';
import { FLEET_INTERVAL_S, SOURCES } from './fleet-parts.ts';
import { unsealed } from './fleet-secrets.ts';
import { flux, FLUX_NAMESPACE } from './flux.ts';
import { untilReady } from './readiness.ts';
import { DELIVERED_BRANCH } from './shop-git.ts';
import { made } from './shop-manifests.ts';
import { installDefinitions } from './stack.ts';

/** Longest time for Flux to be ready, in seconds. */
const READY_S = 60;

/**
 * Controllers that the rebuild begins with. The one that keeps the others' events is among them: while it does not
 * answer, each event is sent again for up to 15 s, and what its sender does waits for that (`AnnotatedEventf` in
 * fluxcd/pkg/runtime/events).
 */
const NEEDED_FIRST = new Set(['source-controller', 'kustomize-controller', 'notification-controller']);

/** What a cluster is rebuilt from. */
export interface FleetBootstrap {
  /** Address of the repository as pods know it. */
  readonly url: string;
  /** Made by `sealedSecrets`, and the same at each rebuild. */
  readonly secrets: readonly SealedSecret[];
  /** Folders with the definitions (CRDs) that Flux brings along, by their name in the bill of materials. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Folder of the repository to begin with; `clusters/mettle` when absent. */
  readonly path?: string;
}

function namespaceOf(name: string): Manifest {
  return made({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

function definitionsOfFlux(folders: FleetBootstrap['definitions']): readonly string[] {
  return flux.definitions.map((name) => {
    const folder = folders[name];
    if (folder === undefined) throw new UnfitError(`no definitions of ${name} were made ready`);
    return folder;
  });
}

/** The sealed Secrets in their namespaces: pods that Flux starts must find them. */
async function applySecrets({ kube }: StackContext, secrets: readonly SealedSecret[]): Promise<void> {
  const names = new Set([FLUX_NAMESPACE, ...secrets.map(({ namespace }) => namespace)]);
  await kube.apply([...[...names].map(namespaceOf), ...secrets.map(unsealed)], { force: true });
}

/** Waits until the controllers of Flux that a rebuild begins with are ready. Throws as `untilReady`. */
async function untilFluxStarted(ctx: StackContext, deadline_s: number = READY_S): Promise<void> {
  const first = flux.workloads.filter(({ name }) => NEEDED_FIRST.has(name));
  await Promise.all(first.map((one) => untilReady(ctx, one, deadline_s)));
}

/**
 * All that is done by hand in a rebuild, in this order: definitions and controllers of Flux, the sealed Secrets, and the
 * objects that name the repository and where to begin. It returns when Flux is at work: everything else comes from
 * Git, see `untilFleetReady`. On a cluster that lost Flux alone it puts Flux back.
 * @throws UsageError for a manifest that is refused
 * @throws DeadlineError or UnfitError when Flux does not start
 */
export async function bootstrapFleet(ctx: StackContext, bootstrap: FleetBootstrap): Promise<void> {
  const { kube, progress } = ctx;
  const { url, secrets, definitions, path = FLEET_PATH } = bootstrap;
  progress('applying the definitions of Flux and the sealed Secrets');
  const [controllers, access] = await Promise.all([
    componentManifests(ctx, flux),
    manifestsOf(ctx, 'fleet/access'),
    installDefinitions(kube, definitionsOfFlux(definitions)),
    applySecrets(ctx, secrets),
  ]);
  progress('starting the controllers of Flux');
  await kube.apply([...controllers, ...access], { force: true });
  await untilFluxStarted(ctx);
  progress(`pointing Flux at ${path} of ${url}`);
  const sources = (['fleet', 'shop'] as const).map((of) =>
    manifestsOf(ctx, 'fleet/source', {
      name: SOURCES[of],
      repository_url: url,
      branch: DELIVERED_BRANCH,
      source_interval_s: FLEET_INTERVAL_S.source[of],
    }),
  );
  const root = await manifestsOf(ctx, 'fleet/root', {
    path,
    source: SOURCES.fleet,
    interval_s: FLEET_INTERVAL_S.root,
    retry_interval_s: FLEET_INTERVAL_S.retry,
  });
  await kube.apply([...(await Promise.all(sources)).flat(), ...root], { force: true });
}
