import type { Timeline } from '#harness/core/timeline.ts';
import { combine, type RuleVerdict, type Verdict } from '#harness/core/verdict.ts';
import type { Rule } from './rule.ts';
import { alertSilence, alertUntouched } from './rules/alert-silence.ts';
import { canaryGone } from './rules/canary-gone.ts';
import { chatCalm, chatTold } from './rules/chat.ts';
import { exposure } from './rules/exposure.ts';
import { faultTook } from './rules/fault-took.ts';
import { harm } from './rules/harm.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { judgeContent, judgeSaw } from './rules/judge-saw.ts';
import { loadSelfCheck } from './load-self-check.ts';
import { noOtherLoss } from './rules/no-other-loss.ts';
import { promoted, rolledBack } from './rules/rolled-back.ts';
import { runComplete } from './rules/run-complete.ts';
import { steadyBefore } from './rules/steady-before.ts';
import { trafficShare } from './rules/traffic-share.ts';

/**
 * What a judgement stands on: the load was what it claims to be, the service was steady, the fault was real. Where one
 * of these does not hold, nothing that was measured can be blamed on the stack.
 */
const GROUNDS: readonly Rule[] = [{ id: 'load-self-check', judge: loadSelfCheck }, steadyBefore, faultTook];

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

/** A broken promise that was found on shaky ground is no proof: it becomes inconclusive, and says what it found. */
function demote(found: RuleVerdict, ground: RuleVerdict): RuleVerdict {
  if (found.outcome !== 'fail') return found;
  return {
    ...found,
    outcome: 'inconclusive',
    reason: `${found.reason} (no proof, because ${ground.rule} does not hold)`,
  };
}

/** Applies the given rules, and the grounds that they stand on, to a timeline. */
export function judgeBy(rules: readonly Rule[], timeline: Timeline): Verdict {
  const grounds = GROUNDS.map((ground) => ground.judge(timeline));
  const shaky = grounds.find((ground) => ground.outcome !== 'pass');
  const found = rules.map((rule) => rule.judge(timeline));
  return combine([...(shaky ? found.map((one) => demote(one, shaky)) : found), ...grounds]);
}

/**
 * Judges a recorded Flagger rollout by the rules that its declared expectation asks for. A timeline without a
 * specification is judged by the rules of a rollback, all of which will say what is missing.
 */
export function judgeRollout(timeline: Timeline): Verdict {
  const expected = timeline.of('harness', 'spec')[0]?.data.expected ?? 'rollback';
  return judgeBy(expected === 'rollback' ? ROLLBACK_RULES : PROMOTION_RULES, timeline);
}
