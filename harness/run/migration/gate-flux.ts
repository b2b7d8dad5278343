/** The guard between a commit and the cluster: three Kustomizations, of which each waits for the one before it. */
import type { Pushed } from '#harness/git/checkout.ts';
import { DEPLOYMENT, KUSTOMIZATION } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { refuses } from '#harness/judge/delivery-facts.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { UsageError } from '#harness/core/errors.ts';
import {
  kustomizationFiles,
  type ReleaseSteps,
  type RepositoryFiles,
  stepFiles,
} from '#harness/stack/shop-git.ts';
import { shopManifests, withReplicas } from '#harness/stack/shop-manifests.ts';
import { GUARD_S } from '#harness/stack/shop-guard.ts';
import { SHOP, type ShopDeployment } from '#harness/stack/shop.ts';
import { databaseObjects } from '#harness/stack/toxiproxy.ts';
import { beginGitops, pushRelease, type RunRepository } from '../gitops.ts';
import { type Acting, releaseDocument } from '../on-cluster.ts';
import { PLAIN_REPLICAS } from '../plain-shop.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import { releaseSettled } from '../service-conditions.ts';
import type { GateWay } from './gate.ts';

/** The commit is fetched, three steps are taken, and pods start. */
const STEPS_S = 60;
const DEPLOYED_S = 90;
const NO_STEPS: ReleaseSteps = { guard: [], migrate: [] };

async function filesOf(
  { ctx, namespace }: Acting,
  { release, file, steps }: { readonly release: string; readonly file: string; readonly steps: ReleaseSteps },
): Promise<RepositoryFiles> {
  const document = await releaseDocument(file, release);
  const shop: ShopDeployment = { namespace, release, document, controller: 'none', database: true };
  const workload = (await shopManifests(ctx, shop, ['deployment', 'service'])).map((one) =>
    one.object.kind === 'Deployment' ? withReplicas(one, PLAIN_REPLICAS) : one,
  );
  const former = release === STABLE ? [] : [STABLE];
  return { ...(await kustomizationFiles(ctx, { ...shop, former, rollout: workload })), ...stepFiles(steps) };
}

/** What Flux says of the guard's Job of a commit; undefined as long as it has said nothing. */
function refusalOf(timeline: Timeline, namespace: string, { commit }: Pushed): string | undefined {
  const record = timeline
    .of('kubernetes', 'object')
    .find((one) => one.subject === `Kustomization/${namespace}/guard` && refuses(one, commit.revision));
  return record && `${record.subject} says: ${String(record.data.fields['message']).trim()}`;
}

/** By commit, as Flux applies it. */
export function fluxGate(): GateWay {
  let repository: RunRepository | undefined;
  let pushed: Pushed | undefined;
  return {
    by: 'flux',
    file: 'expanded',
    kinds: [KUSTOMIZATION],
    async deploy(acting) {
      const { ctx, run, namespace } = acting;
      const files = await filesOf(acting, { release: STABLE, file: 'good', steps: NO_STEPS });
      const shop = { namespace, release: STABLE, document: {} };
      // Pods wait for nothing then, when Flux makes them.
      await ctx.kube.apply([
        ...(await shopManifests(ctx, shop, ['namespace'])),
        ...(await databaseObjects(ctx, namespace, false)),
      ]);
      await using given = new AsyncDisposableStack();
      repository = given.use(await beginGitops(acting, { applier: 'kustomization', gated: true, files }));
      await ctx.kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: SHOP }), {
        deadline_s: DEPLOYED_S,
        progress: run.progress,
        signal: run.signal,
      });
      return given.move();
    },
    async ship(acting, { file, migration, manifests }) {
      if (repository === undefined) throw new UsageError('nothing was delivered yet');
      const steps = { guard: manifests.guard, migrate: manifests.migration };
      const files = await filesOf(acting, { release: NEXT, file, steps });
      const message = `Ship release ${NEXT} of the shop with migration ${migration}`;
      const document = await releaseDocument(file, NEXT);
      pushed = await pushRelease(acting, repository, { files, message, document });
    },
    async ended({ run, namespace }) {
      const commit = pushed;
      if (commit === undefined) throw new UsageError('nothing was shipped yet');
      const through = releaseSettled({ namespace, app: SHOP }, NEXT, PLAIN_REPLICAS);
      await run.timeline.until(
        {
          awaited: `Kustomization/${namespace}/guard to refuse the commit, or ${through.awaited}`,
          holds: (timeline) =>
            refusalOf(timeline, namespace, commit) !== undefined || through.holds(timeline),
        },
        GUARD_S + STEPS_S,
        run.signal,
      );
      return refusalOf(run.timeline.snapshot(), namespace, commit);
    },
  };
}
