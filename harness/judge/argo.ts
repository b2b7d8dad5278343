import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDeclared } from './judge-declared.ts';
import type { Rule } from './rule.ts';
import { alertSilence, alertUntouched } from './rules/alert-silence.ts';
import { canaryGone } from './rules/canary-gone.ts';
import { chatCalmArgo, chatToldArgo } from './rules/chat-argo.ts';
import { everyStep } from './rules/every-step.ts';
import { exposure } from './rules/exposure.ts';
import { harm } from './rules/harm.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { judgeContentArgo, judgeSawArgo } from './rules/judge-saw-argo.ts';
import { labelTruth } from './rules/label-truth.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { noOtherLoss } from './rules/no-other-loss.ts';
import { previewHidden } from './rules/preview-hidden.ts';
import { promoted, rolledBack } from './rules/rolled-back.ts';
import { runComplete } from './rules/run-complete.ts';
import { trafficShare } from './rules/traffic-share.ts';
import { workloadMoved } from './rules/workload-moved.ts';

/** What must hold when Argo Rollouts meets a bad release. */
export const ARGO_ROLLBACK_RULES: readonly Rule[] = [
  rolledBack,
  exposure,
  trafficShare,
  harm,
  noOtherLoss,
  judgeSawArgo,
  labelTruth,
  canaryGone,
  chatToldArgo,
  alertSilence,
  healthyAfter,
  runComplete,
];

/** What must hold when Argo Rollouts meets a good release, whatever the strategy. */
const PROMOTION_RULES: readonly Rule[] = [
  promoted,
  trafficShare,
  noFailedRequest,
  judgeContentArgo,
  labelTruth,
  chatCalmArgo,
  alertUntouched,
  healthyAfter,
  runComplete,
];

/** What must hold when a canary by Argo Rollouts is promoted. */
export const ARGO_CANARY_RULES: readonly Rule[] = [...PROMOTION_RULES, everyStep];

/** What must hold when a blue/green release is switched to. */
export const ARGO_BLUE_GREEN_RULES: readonly Rule[] = [...PROMOTION_RULES, previewHidden];

/** What must hold when moreover the Rollout took over a Deployment before. */
export const ARGO_WORKLOAD_RULES: readonly Rule[] = [...ARGO_CANARY_RULES, workloadMoved];

function rulesFor(timeline: Timeline): readonly Rule[] {
  const spec = timeline.of('harness', 'spec')[0]?.data;
  if (spec?.controller !== 'argo-rollouts' || spec.expected === 'rollback') return ARGO_ROLLBACK_RULES;
  if (spec.strategy === 'blue-green') return ARGO_BLUE_GREEN_RULES;
  return spec.from_deployment === true ? ARGO_WORKLOAD_RULES : ARGO_CANARY_RULES;
}

/**
 * Judges a recorded rollout by Argo Rollouts by the rules that its declared strategy and expectation ask for. A
 * timeline without a specification is judged by the rules of a rollback, all of which will say what is missing.
 */
export function judgeArgoRollout(timeline: Timeline): Verdict {
  return judgeDeclared(rulesFor(timeline), timeline);
}
