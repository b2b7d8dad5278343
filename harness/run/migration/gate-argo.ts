/** The guard as an analysis of Argo Rollouts: the first step is its Job, the second the migration's, the third the first weight. */
import { at, type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { ANALYSIS_RUN, ROLLOUT } from '#harness/kube/recording.ts';
import {
  deployRolloutShop,
  type RolloutOptions,
  shipToRollout,
  shopRollout,
  stableHashOf,
  untilRolloutEnded,
} from '#harness/stack/shop-argo.ts';
import { GUARD_S } from '#harness/stack/shop-guard.ts';
import { shopManifests } from '#harness/stack/shop-manifests.ts';
import { databaseObjects } from '#harness/stack/toxiproxy.ts';
import { type Reshape, SHOP } from '#harness/stack/shop.ts';
import { releaseDocument } from '../on-cluster.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import { releaseSettled } from '../service-conditions.ts';
import type { GateWay } from './gate.ts';

/** What is judged and migrated before the first pod is no lack of progress. */
const OPTIONS: RolloutOptions = {
  steps: [{ weight_pct: 50, pause_s: 8 }],
  progress_deadline_s: 2 * GUARD_S,
};
/** Pods of the stable release. */
const REPLICAS = 2;
const DEPLOYED_S = 60;
/** A rollout takes so long beside its Jobs. */
const ROLLOUT_S = 120;

/**
 * An analysis whose one measurement is a Job. Its metric is called as what the Job does, since that is what an abort names; the
 * name is part of the Job's, which must fit into a label with the 36 characters of the run's id.
 */
function asAnalysis({ object, position }: Manifest): Manifest {
  const { name, namespace = '', labels = {} } = object.metadata;
  const metric = {
    name: labels['app'] ?? 'job',
    provider: { job: { metadata: { labels }, spec: object['spec'] } },
  };
  const template: KubeObject = {
    apiVersion: ANALYSIS_RUN.api_version,
    kind: 'AnalysisTemplate',
    metadata: { name, namespace },
    spec: { metrics: [metric] },
  };
  return { object: template, position };
}

/** The Rollout with these analyses, one after the other, before everything else. */
function after(templates: readonly string[]): Reshape {
  const steps = templates.map((templateName) => ({ analysis: { templates: [{ templateName }] } }));
  return (object) => {
    if (object.kind !== 'Rollout') return object;
    const spec = Object(object['spec']);
    const canary = Object(at(spec, 'strategy', 'canary'));
    const own: unknown = Reflect.get(canary, 'steps');
    const analysis = Object(Reflect.get(canary, 'analysis'));
    const gated = {
      ...canary,
      steps: [...steps, ...(Array.isArray(own) ? own : [])],
      // It looks at answers of the release, which there are from its first weight on.
      analysis: { ...analysis, startingStep: steps.length + 1 },
    };
    return { ...object, spec: { ...spec, strategy: { canary: gated } } };
  };
}

const isJob = ({ object }: Manifest): boolean => object.kind === 'Job';

/** By a changed Rollout, as Argo Rollouts goes through its steps. */
export function argoGate(): GateWay {
  let before = '';
  return {
    by: 'argo-rollouts',
    file: 'expanded',
    kinds: [ROLLOUT, ANALYSIS_RUN],
    async deploy({ ctx, namespace }) {
      const document = await releaseDocument('good', STABLE);
      const shop = { namespace, release: STABLE, document, database: true, rollout: OPTIONS };
      await ctx.kube.apply([
        ...(await shopManifests(ctx, shop, ['namespace'])),
        ...(await databaseObjects(ctx, namespace, false)),
      ]);
      await deployRolloutShop(ctx, shop);
      await untilRolloutEnded(ctx, { namespace, deadline_s: DEPLOYED_S });
    },
    async ship({ run, ctx, namespace }, { file, manifests }) {
      before = await stableHashOf(ctx, namespace);
      const all = [...manifests.guard, ...manifests.migration];
      const analyses = all.filter(isJob).map(asAnalysis);
      await ctx.kube.apply([...all.filter((one) => !isJob(one)), ...analyses], { namespace });
      const document = await releaseDocument(file, NEXT);
      const names = analyses.map(({ object }) => object.metadata.name);
      const shop = { namespace, release: NEXT, document, database: true, rollout: OPTIONS };
      await shipToRollout(ctx, { ...shop, reshape: after(names) }, run.timeline);
    },
    async ended({ run, ctx, namespace }) {
      const deadline_s = GUARD_S + ROLLOUT_S;
      const end = await untilRolloutEnded(ctx, { namespace, deadline_s, before });
      if (end === 'rolled-out') {
        await run.timeline.until(
          releaseSettled({ namespace, app: SHOP }, NEXT, REPLICAS),
          ROLLOUT_S,
          run.signal,
        );
        return undefined;
      }
      const rollout = await ctx.kube.get(shopRollout(namespace));
      return `Argo Rollouts says: ${textAt(rollout, 'status', 'message') ?? 'nothing'}`;
    },
  };
}
