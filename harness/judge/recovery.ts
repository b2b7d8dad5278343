import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { faultsProven } from './rules/faults-proven.ts';
import { recoveryAlerts } from './rules/recovery-alerts.ts';
import { backupsRefused } from './rules/recovery-backups-refused.ts';
import { databaseSame } from './rules/recovery-database-same.ts';
import { lossTook } from './rules/recovery-loss-took.ts';
import { noFalseRollback } from './rules/recovery-no-false-rollback.ts';
import { objectsSame } from './rules/recovery-objects-same.ts';
import { ordersTrue } from './rules/recovery-orders-true.ts';
import { recoveryPoint } from './rules/recovery-point.ts';
import { releaseSame } from './rules/recovery-release-same.ts';
import { stepsComplete } from './rules/recovery-steps-complete.ts';
import { recoveryTime } from './rules/recovery-time.ts';
import { toldOutside } from './rules/recovery-told.ts';
import { runCompleteThroughLoss } from './rules/run-complete.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold when something is lost and brought back. */
const RECOVERY_RULES: readonly Rule[] = [
  recoveryTime,
  recoveryPoint,
  ordersTrue,
  objectsSame,
  databaseSame,
  releaseSame,
  stepsComplete,
  noFalseRollback,
  recoveryAlerts,
  steadyAfter,
  runCompleteThroughLoss,
];

/** Judges a recorded run in which a cluster, or a part of it, was destroyed and brought back under load. */
export function judgeRecovery(timeline: Timeline): Verdict {
  const declared = timeline
    .of('harness', 'expectation')
    .flatMap(({ data }) => (data.of === 'recovery' ? [data] : []));
  const rules = [
    ...RECOVERY_RULES,
    ...(declared.some(({ watch }) => watch !== undefined) ? [toldOutside] : []),
    ...(declared.some(({ restores }) => restores) ? [backupsRefused] : []),
  ];
  const faults = timeline.of('fault', 'injected').length > 0 ? [faultsProven] : [];
  return judgeBy(rules, timeline, [...SERVICE_GROUNDS, lossTook, ...faults]);
}
