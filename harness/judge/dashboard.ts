import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { dashboardShows } from './rules/dashboard-shows.ts';
import { faultTook } from './rules/fault-took.ts';
import { rolledBack } from './rules/rolled-back.ts';
import { runComplete } from './rules/run-complete.ts';
import { steadyBefore } from './rules/steady-before.ts';

/** What must hold when a dashboard shows a rollback. */
const DASHBOARD_RULES: readonly Rule[] = [dashboardShows, rolledBack, runComplete];

/**
 * What the judgement stands on: users were served, and met the bad release. How punctual the load was does not matter to
 * whether a dashboard has data.
 */
const DASHBOARD_GROUNDS: readonly Rule[] = [steadyBefore, faultTook];

/** Judges a recorded rollback by what a dashboard had to show of it. */
export function judgeDashboard(timeline: Timeline): Verdict {
  return judgeBy(DASHBOARD_RULES, timeline, DASHBOARD_GROUNDS);
}
