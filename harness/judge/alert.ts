import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { alertFiredInTime, alertResolved, alertSees, causeTook, chatToldOnce } from './rules/alert-once.ts';
import { runComplete } from './rules/run-complete.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold when something goes wrong that an alert is made for. */
const ALERT_RULES: readonly Rule[] = [
  alertSees,
  alertFiredInTime,
  chatToldOnce,
  alertResolved,
  steadyAfter,
  runComplete,
];

/** Judges a recorded run in which an alert had to fire, to be told, and to end. */
export function judgeAlert(timeline: Timeline): Verdict {
  return judgeBy(ALERT_RULES, timeline, [...SERVICE_GROUNDS, causeTook]);
}
