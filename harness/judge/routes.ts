import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { routesDeclared } from './rules/routes-declared.ts';
import { runComplete } from './rules/run-complete.ts';

/** What must hold when controllers write the objects of a gateway that serves nothing. */
const ROUTES_RULES: readonly Rule[] = [routesDeclared, runComplete];

/** Judges a recorded run in which nothing but objects was written: it stands on no load. */
export function judgeRoutes(timeline: Timeline): Verdict {
  return judgeBy(ROUTES_RULES, timeline, []);
}
