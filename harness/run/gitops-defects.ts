import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import { KUSTOMIZATION } from '#harness/kube/recording.ts';
import { DELIVERED_BRANCH, type RepositoryFiles } from '#harness/stack/shop-git.ts';
import { shopManifests } from '#harness/stack/shop-manifests.ts';
import { NEXT } from './rollout-run.ts';
import { type Acting, releaseDocument } from './on-cluster.ts';
import { SHOP } from '#harness/stack/shop.ts';

/** Something broken on purpose about a delivery by commit, and the rule that must notice it. */
export interface DeliveryDefect {
  readonly name: string;
  /** What is broken, as a sentence. */
  readonly breaks: string;
  /** Id of the rule that must fail. */
  readonly noticed_by: string;
  /** Who rolls out; Flagger when absent. */
  readonly controller?: RolloutSpec['controller'];
  /** Breaks it, before the commit is pushed; the run's namespace takes it along when it is removed. */
  readonly before?: (acting: Acting) => Promise<void>;
  /** Breaks what every commit holds. */
  readonly files?: (files: RepositoryFiles) => RepositoryFiles;
}

async function suspend({ ctx, namespace }: Acting): Promise<void> {
  await ctx.kube.patch({ ...KUSTOMIZATION, namespace, name: SHOP }, { spec: { suspend: true } });
}

/** Every object is set back to what the repository says, those that the rollout controller changes among them. */
function overriding(files: RepositoryFiles): RepositoryFiles {
  const made_once = /kustomize\.toolkit\.fluxcd\.io\/ssa: IfNotPresent/g;
  const entries = Object.entries(files);
  return Object.fromEntries(
    entries.map(([path, text]) => [
      path,
      text.replace(made_once, 'kustomize.toolkit.fluxcd.io/ssa: Override'),
    ]),
  );
}

/** Each must turn the verdict red: proof that a delivery is judged by where it came from. */
export const DELIVERY_DEFECTS: readonly DeliveryDefect[] = [
  {
    name: 'delivery-suspended',
    breaks: `what is pushed to ${DELIVERED_BRANCH} is not applied any more`,
    noticed_by: 'shipped-by-commit',
    before: suspend,
  },
  {
    name: 'deployed-by-hand',
    breaks: 'somebody deploys the release by hand while its commit waits',
    noticed_by: 'shipped-by-commit',
    async before(acting) {
      const { ctx, namespace } = acting;
      await suspend(acting);
      const document = await releaseDocument('good', NEXT);
      const shop = { namespace, release: NEXT, document };
      const manifests = await shopManifests(ctx, shop, ['release', 'deployment']);
      await ctx.kube.apply(manifests, { namespace, force: true });
    },
  },
  {
    name: 'rollout-set-back',
    breaks: 'Flux sets back the weights and selectors that Argo Rollouts writes',
    noticed_by: 'every-step',
    controller: 'argo-rollouts',
    files: overriding,
  },
];
