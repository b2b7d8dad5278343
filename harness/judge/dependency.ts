import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { ROLLBACK_RULES } from './flagger.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import { judgeDeclared } from './judge-declared.ts';
import type { Rule } from './rule.ts';
import { dependencyAsked, dependencyContained, dependencyOrder } from './rules/dependency.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { migrationOrdersKept } from './rules/migration-orders-kept.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { runComplete } from './rules/run-complete.ts';
import { servesNext } from './rules/serves-next.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold where whoever ships a release asks first whether what it needs is there. */
const DEPENDENCY_RULES: readonly Rule[] = [
  dependencyAsked,
  dependencyOrder,
  noFailedRequest,
  migrationOrdersKept,
  servesNext,
  healthyAfter,
  steadyAfter,
  runComplete,
];

/**
 * Judges a recorded run in which releases were shipped that need others: asked for one by one, or left to a rollout controller
 * that knows nothing of what they need.
 */
export function judgeDependency(timeline: Timeline): Verdict {
  return timeline.of('harness', 'spec').length > 0
    ? judgeDeclared([...ROLLBACK_RULES, dependencyContained], timeline)
    : judgeBy(DEPENDENCY_RULES, timeline, SERVICE_GROUNDS);
}
