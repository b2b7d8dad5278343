import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { databaseBack } from './rules/database-back.ts';
import { onlyOrdersSuffer } from './rules/only-orders-suffer.ts';
import { ordersKept } from './rules/orders-kept.ts';
import { runComplete } from './rules/run-complete.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold when the shop's database is killed under load. */
const DATABASE_LOSS_RULES: readonly Rule[] = [
  ordersKept,
  onlyOrdersSuffer,
  databaseBack,
  steadyAfter,
  runComplete,
];

/** Judges a recorded run in which the pod of the shop's database was killed under load. */
export function judgeDatabaseLoss(timeline: Timeline): Verdict {
  return judgeBy(DATABASE_LOSS_RULES, timeline, SERVICE_GROUNDS);
}
