import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { routesAgree } from './rules/routes-agree.ts';
import { runComplete } from './rules/run-complete.ts';
import { split } from './rules/split.ts';

/** What must hold when a gateway splits traffic by declared weights. */
const SPLIT_RULES: readonly Rule[] = [split, routesAgree, noFailedRequest, runComplete];

/** Judges a recorded run in which a gateway split traffic between two releases. */
export function judgeSplit(timeline: Timeline): Verdict {
  return judgeBy(SPLIT_RULES, timeline, SERVICE_GROUNDS);
}
