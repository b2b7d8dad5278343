import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, ROLLOUT_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { dashboardShows } from './rules/dashboard-shows.ts';
import { rolledBack } from './rules/rolled-back.ts';
import { runComplete } from './rules/run-complete.ts';

/** What must hold when a dashboard shows a rollback. */
const DASHBOARD_RULES: readonly Rule[] = [dashboardShows, rolledBack, runComplete];

/** Judges a recorded rollback by what a dashboard had to show of it. */
export function judgeDashboard(timeline: Timeline): Verdict {
  return judgeBy(DASHBOARD_RULES, timeline, ROLLOUT_GROUNDS);
}
