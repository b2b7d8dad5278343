import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { ARGO_CANARY_RULES, ARGO_ROLLBACK_RULES } from './argo.ts';
import { contractRules } from './contracts/registry.ts';
import { PROMOTION_RULES, ROLLBACK_RULES } from './flagger.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { commitRefused } from './rules/commit-refused.ts';
import { deliveryTold } from './rules/delivery-told.ts';
import { faultTook } from './rules/fault-took.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { pushToRunning } from './rules/push-to-running.ts';
import { releaseUntouched } from './rules/release-untouched.ts';
import { withRoutes } from './rules/routes-agree.ts';
import { runComplete } from './rules/run-complete.ts';
import { shippedByCommit } from './rules/shipped-by-commit.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold of a commit that ships a release, beside what must hold of the rollout that follows. */
const DELIVERY_RULES: readonly Rule[] = [shippedByCommit, pushToRunning, deliveryTold];

/** What must hold of a commit that cannot be applied. */
const REFUSAL_RULES: readonly Rule[] = [
  commitRefused,
  releaseUntouched,
  deliveryTold,
  noFailedRequest,
  healthyAfter,
  steadyAfter,
  runComplete,
];

/** The rollout's own rules; that no request fails during a promotion is asked for whoever rolls out. */
function rolloutRules(spec: RolloutSpec | undefined): readonly Rule[] {
  if (spec?.expected === 'rollback')
    return spec.controller === 'argo-rollouts' ? ARGO_ROLLBACK_RULES : ROLLBACK_RULES;
  if (spec?.expected === 'hold') return [runComplete];
  return spec?.controller === 'argo-rollouts' ? ARGO_CANARY_RULES : [...PROMOTION_RULES, noFailedRequest];
}

/** Judges a recorded delivery by commit: one that is rolled out, or one that must be refused. */
export function judgeDelivery(timeline: Timeline): Verdict {
  const expected = timeline.of('harness', 'expectation').find(({ data }) => data.of === 'delivery');
  const refused = expected?.data.of === 'delivery' && expected.data.outcome === 'refused';
  if (refused) return judgeBy(REFUSAL_RULES, timeline, SERVICE_GROUNDS);
  // That clients met the release is no ground here: a commit that never deploys it is what a delivery is judged for.
  const spec = timeline.of('harness', 'spec')[0]?.data;
  const versions = timeline.of('harness', 'scenario')[0]?.data.versions;
  const left_out = new Set(Object.keys(spec?.rules_left_out ?? {}));
  const rollout = [...DELIVERY_RULES, ...withRoutes(rolloutRules(spec), timeline), faultTook].filter(
    ({ id }) => !left_out.has(id),
  );
  return judgeBy([...rollout, ...(spec ? contractRules(spec, versions) : [])], timeline, SERVICE_GROUNDS);
}
