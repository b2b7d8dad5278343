import type { Timeline } from '#harness/core/timeline.ts';
import { combine, type Verdict } from '#harness/core/verdict.ts';
import { judgeBy, ROLLOUT_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { judgeSighted, judgeSightedBefore } from './rules/judge-sighted.ts';
import { runComplete } from './rules/run-complete.ts';

/** What must hold of the check while it decides about a release. */
const SIGHT_RULES: readonly Rule[] = [judgeSighted, runComplete];

/** Judges a recorded run in which a bad release met the check of a controller. */
export function judgeSight(timeline: Timeline): Verdict {
  const during = judgeBy(SIGHT_RULES, timeline, ROLLOUT_GROUNDS);
  // What was asked before the release was shipped does not depend on the load.
  return combine([judgeSightedBefore.judge(timeline), ...during.rules]);
}
