import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, ROLLOUT_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { judgeSighted, judgeSightedBefore } from './rules/judge-sighted.ts';
import { runComplete } from './rules/run-complete.ts';

/** What must hold of the check that decides about releases. */
const SIGHT_RULES: readonly Rule[] = [judgeSightedBefore, judgeSighted, runComplete];

/** Judges a recorded run in which a bad release met the check of a controller. */
export function judgeSight(timeline: Timeline): Verdict {
  return judgeBy(SIGHT_RULES, timeline, ROLLOUT_GROUNDS);
}
