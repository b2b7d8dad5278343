import type { Timeline } from '#harness/core/timeline.ts';
import { combine, type RuleVerdict, type Verdict } from '#harness/core/verdict.ts';
import { loadSelfCheck } from './load-self-check.ts';
import { machineSelfCheck } from './machine-self-check.ts';
import type { Rule } from './rule.ts';
import { faultTook } from './rules/fault-took.ts';
import { steadyBefore } from './rules/steady-before.ts';

const loadAsOffered: Rule = { id: 'load-self-check', judge: loadSelfCheck };

/**
 * What a judgement stands on where nothing bad is shipped: the load was what it claims to be, and the service was
 * steady before the act. Where one of these does not hold, nothing that was measured can be blamed on the stack.
 */
export const SERVICE_GROUNDS: readonly Rule[] = [loadAsOffered, steadyBefore];

/** What the judgement of a rollout stands on: moreover, the shipped release was as bad as it was made to be. */
export const ROLLOUT_GROUNDS: readonly Rule[] = [...SERVICE_GROUNDS, faultTook];

/** A broken promise that was found on shaky ground is no proof: it becomes inconclusive, and says what it found. */
function demote(found: RuleVerdict, ground: RuleVerdict): RuleVerdict {
  if (found.outcome !== 'fail') return found;
  return {
    ...found,
    outcome: 'inconclusive',
    reason: `${found.reason} (no proof, because ${ground.rule} does not hold)`,
  };
}

/**
 * Applies the given rules, and the grounds that they stand on, to a timeline. Whether the machine had processor time to
 * spare is asked only where a promise is broken: without it a stack breaks promises, it does not keep them.
 */
export function judgeBy(rules: readonly Rule[], timeline: Timeline, grounds: readonly Rule[]): Verdict {
  const found = rules.map((rule) => rule.judge(timeline));
  const broken = found.some(({ outcome }) => outcome === 'fail');
  const standing = [
    ...grounds.map((ground) => ground.judge(timeline)),
    ...(broken ? [machineSelfCheck(timeline)] : []),
  ];
  const shaky = standing.find((ground) => ground.outcome !== 'pass');
  return combine([...(shaky ? found.map((one) => demote(one, shaky)) : found), ...standing]);
}
