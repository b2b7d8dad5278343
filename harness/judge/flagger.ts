import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDeclared } from './judge-declared.ts';
import type { Rule } from './rule.ts';
import { alertSilence, alertUntouched } from './rules/alert-silence.ts';
import { canaryGone } from './rules/canary-gone.ts';
import { chatCalm, chatTold } from './rules/chat.ts';
import { exposure } from './rules/exposure.ts';
import { harm } from './rules/harm.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { judgeContent, judgeSaw } from './rules/judge-saw.ts';
import { noOtherLoss } from './rules/no-other-loss.ts';
import { promoted, rolledBack } from './rules/rolled-back.ts';
import { runComplete } from './rules/run-complete.ts';
import { trafficShare } from './rules/traffic-share.ts';

/** What must hold when Flagger meets a bad release. */
export const ROLLBACK_RULES: readonly Rule[] = [
  rolledBack,
  exposure,
  trafficShare,
  harm,
  noOtherLoss,
  judgeSaw,
  canaryGone,
  chatTold,
  alertSilence,
  healthyAfter,
  runComplete,
];

/** What must hold when Flagger meets a good release. */
export const PROMOTION_RULES: readonly Rule[] = [
  promoted,
  trafficShare,
  noOtherLoss,
  judgeContent,
  chatCalm,
  alertUntouched,
  healthyAfter,
  runComplete,
];

/**
 * Judges a recorded Flagger rollout by the rules that its declared expectation asks for. A timeline without a
 * specification is judged by the rules of a rollback, all of which will say what is missing.
 */
export function judgeRollout(timeline: Timeline): Verdict {
  const expected = timeline.of('harness', 'spec')[0]?.data.expected ?? 'rollback';
  const rules = expected === 'rollback' ? ROLLBACK_RULES : PROMOTION_RULES;
  return judgeDeclared(rules, timeline);
}
