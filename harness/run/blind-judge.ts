import { UnfitError } from '#harness/core/errors.ts';
import { at, listAt } from '#harness/core/kubernetes.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { decisionsSoFar } from '#harness/judge/rules/judge-sighted.ts';
import { nameOfRef } from '#harness/kube/wait.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import { recordSight } from '#harness/observe/sight.ts';
import { canaryOptions } from '#harness/stack/shop.ts';
import { rolloutOptions } from '#harness/stack/shop-argo.ts';
import { argoRollout } from './argo-rollout.ts';
import { flaggerRollout } from './flagger-rollout.ts';
import type { AnyRolloutAct, RolloutExtras } from './rollout-extras.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** A way to write a check that cannot see. */
export interface BlindJudge {
  readonly name: string;
  /** Why it cannot see, as a sentence. */
  readonly breaks: string;
  readonly query: string;
  /** Argo Rollouts: the condition that stands in the place of the sighted one. */
  readonly condition?: object;
}

export interface BlindJudgeScenario {
  readonly controller: RolloutSpec['controller'];
  readonly load: ProfileName;
  /** The check as it is shipped when absent. */
  readonly blind?: BlindJudge;
}

/** Decisions of the controller that must be seen while clients meet the bad release. */
const DECISIONS = 2;
/** From shipping to those decisions, in seconds: scale up, the first weight, and a decision at each interval. */
const DECIDED_S = 90;

const RELEASE = { release: 'errors-50', expected: 'rollback', bad_answers_pct: 50 } as const;

/** Puts a blind query in the place of the check's. */
async function blindfold(act: AnyRolloutAct, { query, condition = {} }: BlindJudge): Promise<void> {
  const { kube } = act.ctx;
  const name = 'error-rate';
  const { namespace } = act;
  if (act.spec.controller === 'flagger') {
    const ref = { api_version: 'flagger.app/v1beta1', kind: 'MetricTemplate', name };
    await kube.patch({ ...ref, namespace }, { spec: { query } });
    return;
  }
  const ref = { api_version: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', name };
  const template = await kube.get({ ...ref, namespace });
  const metrics = listAt(template, 'spec', 'metrics').map((metric) => {
    const { successCondition: _success, failureCondition: _failure, ...rest } = Object(metric);
    const prometheus = Object(at(metric, 'provider', 'prometheus'));
    return { ...rest, ...condition, provider: { prometheus: { ...prometheus, query } } };
  });
  if (metrics.length === 0) throw new UnfitError(`${nameOfRef({ ...ref, namespace })} has no metric`);
  await kube.patch({ ...ref, namespace }, { spec: { metrics } });
}

/** What is done beside the rollout: the check is blindfolded, asked before the release is shipped, and watched deciding. */
function extrasOf(blind: BlindJudge | undefined): RolloutExtras {
  return {
    prepared: async (act) => {
      if (blind) await blindfold(act, blind);
    },
    steady: async (act) => {
      const { run, ctx, cluster, spec } = act;
      await run.phase('ask', 'asking what the check sees', () =>
        recordSight({ kube: ctx.kube, port: cluster.ports.prometheus, spec }, run.timeline),
      );
    },
    until: ({ app }) => ({
      awaited: `${DECISIONS} decisions of the controller about ${app}`,
      deadline_s: DECIDED_S,
      holds: (timeline) => decisionsSoFar(timeline) >= DECISIONS,
    }),
  };
}

/**
 * Ships a bad release past the check of a controller, which sees it or was made blind, and stops once the controller has made up
 * its mind while clients met the release.
 */
export async function blindJudge(run: ScenarioRun, scenario: BlindJudgeScenario): Promise<Verdict> {
  const { controller, load, blind } = scenario;
  const check = controller === 'flagger' ? canaryOptions().check_name : rolloutOptions().check_name;
  run.timeline.record({
    source: 'harness',
    kind: 'expectation',
    subject: check,
    data: { of: 'sight', namespace: run.run_id, check },
  });
  const rollout = { ...RELEASE, load, extras: extrasOf(blind) };
  if (controller === 'argo-rollouts') return await argoRollout(run, rollout);
  const canary = { interval_s: 10, threshold: 2, step_weight_pct: 10, max_weight_pct: 50 };
  return await flaggerRollout(run, { ...rollout, canary });
}
