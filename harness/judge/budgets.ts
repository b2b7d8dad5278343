import type { RolloutSpec } from '#harness/core/timeline.ts';

/** Slack for the route change to reach the data plane and for requests in flight, in seconds. */
export const WITHDRAWAL_SLACK_S = 2;

/** Kubernetes' default grace for a terminating pod, in seconds: how long a withdrawn pod may live on. */
export const TERMINATION_GRACE_S = 30;

/** How many standard deviations a sampled share may lie from its true value: one false alarm in 16,000. */
export const SIGMAS = 4;

/**
 * Longest time that users may meet a failing release, in seconds.
 * Flagger counts a failed check on one tick and compares the count with the threshold on the next, so the exposure
 * is (threshold + 1) x interval, one interval more than the documentation's interval x threshold
 * (pkg/controller/scheduler.go, advanceCanary).
 */
export function exposureBudget_s(spec: RolloutSpec): number {
  return (spec.threshold + 1) * spec.interval_s + WITHDRAWAL_SLACK_S;
}

/**
 * Longest time from shipping to the end of the rollback, in seconds: up to one interval until the controller looks,
 * one interval from scaling up to the first weight, then the exposure; one interval more where the pods of the
 * release take longer than a tick to become ready.
 */
export function rollbackBudget_s(spec: RolloutSpec): number {
  return 3 * spec.interval_s + exposureBudget_s(spec);
}

/** Number of weight steps that a good release takes: Flagger steps until the weight reaches the maximum. */
export function weightSteps(spec: RolloutSpec): number {
  return Math.ceil(spec.max_weight_pct / spec.step_weight_pct);
}

/**
 * Longest time from shipping to the end of a promotion, in seconds: look, scale up, the steps, copy to the primary,
 * shift, finalise, and two intervals for pods that become ready between ticks.
 */
export function promotionBudget_s(spec: RolloutSpec): number {
  return (weightSteps(spec) + 7) * spec.interval_s;
}

/** Standard deviation of a share measured on `count` independent answers. */
export function shareDeviation(share: number, count: number): number {
  return count === 0 ? Number.POSITIVE_INFINITY : Math.sqrt((share * (1 - share)) / count);
}

/** The share of all answers that are bad while the release has the given weight, in percent. */
export function overallBad_pct(spec: RolloutSpec, weight_pct: number): number {
  return (weight_pct * spec.bad_answers_pct) / 100;
}
