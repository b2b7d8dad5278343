import { BAD_RELEASE } from './case.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { KUSTOMIZATION } from '#harness/kube/recording.ts';
import type { Condition } from '#harness/kube/wait.ts';
import { SHOP } from '#harness/stack/shop.ts';
import type { GitopsRollout } from '../gitops-rollout.ts';
import { type Acting, STEADY_S, unlessLate } from '../on-cluster.ts';
import { loadMeasured } from '../rollout-conditions.ts';

/** Syncs after the rollback: one could be overtaken by a look that had begun before. */
const SYNCS = 2;
const SYNC_S = 20;

/** Asks Flux to apply what it has fetched once more, as `flux reconcile` does, and waits until it has. */
async function sync({ run, ctx, namespace }: Acting, round: number): Promise<void> {
  const ref = { ...KUSTOMIZATION, namespace, name: SHOP };
  const requested = `${run.run_id}-${round}`;
  const handled: Condition<true> = {
    awaited: `Kustomization/${namespace}/${SHOP} to be applied once more`,
    of: ref,
    test([object]) {
      const seen = textAt(object, 'status', 'lastHandledReconcileAt');
      return seen === requested ? { met: true, value: true } : { met: false, seen: seen ?? 'never asked' };
    },
  };
  await run.phase(`sync ${round}`, 'applying the same commit once more', async () => {
    await ctx.kube.patch(ref, {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': requested } },
    });
    await ctx.kube.waitFor(handled, { deadline_s: SYNC_S, progress: run.progress, signal: run.signal });
  });
}

/** A bad release that came from Git and was given up. */
export const ARGO_GIT: GitopsRollout = {
  controller: 'argo-rollouts',
  applier: 'kustomization',
  changes: 'release',
  ...BAD_RELEASE,
  settled: async (acting) => {
    for (let round = 1; round <= SYNCS; round += 1) await sync(acting, round);
    const { run } = acting;
    const measured = loadMeasured(STEADY_S, Date.now());
    await unlessLate(run, () => run.timeline.until(measured, 2 * STEADY_S, run.signal));
  },
  settles: { contracts: ['A24'] },
};
