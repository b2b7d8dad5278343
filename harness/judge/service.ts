import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import type { Rule } from './rule.ts';
import { actsTook } from './rules/acts-took.ts';
import { faultsProven } from './rules/faults-proven.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { ordersKept } from './rules/orders-kept.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { runComplete } from './rules/run-complete.ts';
import { servesNext } from './rules/serves-next.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold when a service is changed under load. */
const SERVICE_RULES: readonly Rule[] = [
  noFailedRequest,
  servesNext,
  healthyAfter,
  steadyAfter,
  actsTook,
  runComplete,
];

/** Judges a recorded run in which a service was deployed, restarted, scaled or moved under load. */
export function judgeService(timeline: Timeline): Verdict {
  const keeps_orders = timeline
    .of('harness', 'expectation')
    .some(({ data }) => data.of === 'service' && data.keeps_orders);
  const faults = timeline.of('fault', 'injected').length > 0 ? [faultsProven] : [];
  return judgeBy(keeps_orders ? [...SERVICE_RULES, ordersKept] : SERVICE_RULES, timeline, [
    ...SERVICE_GROUNDS,
    ...faults,
  ]);
}
