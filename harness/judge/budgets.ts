import type { ArgoSpec, FlaggerSpec, RolloutSpec } from '#harness/core/rollout-spec.ts';

/** Slack for the route change to reach the data plane and for requests in flight, in seconds. */
export const WITHDRAWAL_SLACK_S = 2;

/** Kubernetes' default grace for a terminating pod, in seconds: how long a withdrawn pod may live on. */
export const TERMINATION_GRACE_S = 30;

/** How many standard deviations a sampled share may lie from its true value: one false alarm in 16,000. */
export const SIGMAS = 4;

/**
 * Longest time for Argo Rollouts to make and to reach the pods of a release, in seconds: scheduling, start, readiness
 * probe, and reconciliations in between.
 */
export const POD_START_S = 15;

/**
 * Argo Rollouts keeps the times of measurements and pauses in whole seconds and adds intervals to them; each wait may
 * come this much late, in seconds, with the reconciliation that follows it (analysis/analysis.go,
 * calculateNextReconcileTime; rollout/pause.go).
 */
export const ARGO_TICK_S = 1;

/** A budget and the words that say what it is made of. */
export interface Budget {
  readonly seconds: number;
  readonly derivation: string;
}

/**
 * Longest time that users may meet a failing release.
 *
 * Flagger counts a failed check on one tick and compares the count with the threshold on the next, so the exposure is
 * (threshold + 1) x interval, one interval more than the documentation's interval x threshold
 * (pkg/controller/scheduler.go, advanceCanary).
 *
 * Argo Rollouts takes the first measurement `initialDelay` after the analysis started, which is when the first weight
 * is set, and the next ones an interval after the one before. The run fails when its failures exceed the limit, so
 * with measurement number failureLimit + 1 (analysis/analysis.go, assessMetricFailureInconclusiveOrError). Traffic is
 * withdrawn in the reconciliation after the one that aborted (rollout/canary.go, rolloutCanary).
 */
export function exposureBudget(spec: RolloutSpec): Budget {
  if (spec.controller === 'flagger') {
    return {
      seconds: (spec.threshold + 1) * spec.interval_s + WITHDRAWAL_SLACK_S,
      derivation: `(threshold ${spec.threshold} + 1) x interval ${spec.interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
    };
  }
  const { initial_delay_s, failure_limit, interval_s } = spec;
  const late_s = (failure_limit + 1) * ARGO_TICK_S + WITHDRAWAL_SLACK_S;
  return {
    seconds: initial_delay_s + failure_limit * interval_s + late_s,
    derivation: `initial delay ${initial_delay_s} s + failure limit ${failure_limit} x interval ${interval_s} s + ${failure_limit + 1} x ${ARGO_TICK_S} s + ${WITHDRAWAL_SLACK_S} s`,
  };
}

/** The exposure budget in seconds. */
export function exposureBudget_s(spec: RolloutSpec): number {
  return exposureBudget(spec).seconds;
}

function heldWords(held_s: number): string {
  return held_s > 0 ? `; held up for ${held_s} s on purpose` : '';
}

/**
 * Longest time from shipping to the end of the rollback.
 *
 * Flagger: up to one interval until the controller looks, one interval from scaling up to the first weight, then the
 * exposure; one interval more where the pods of the release take longer than a tick to become ready.
 * Argo Rollouts acts on the change at once, so only the pods' start comes before the exposure.
 */
export function rollbackBudget(spec: RolloutSpec): Budget {
  const exposure = exposureBudget(spec);
  if (spec.controller === 'flagger') {
    const { held_s = 0, interval_s } = spec;
    return {
      seconds: 3 * interval_s + exposure.seconds + held_s,
      derivation: `3 x interval until the first weight + (threshold + 1) x interval + 2 s${heldWords(held_s)}`,
    };
  }
  return {
    seconds: POD_START_S + exposure.seconds,
    derivation: `${POD_START_S} s until the first weight + ${exposure.derivation}`,
  };
}

/** The rollback budget in seconds. */
export function rollbackBudget_s(spec: RolloutSpec): number {
  return rollbackBudget(spec).seconds;
}

/**
 * The weights that Flagger gives a canary one after the other: those that are listed, up to 100 %, else equal steps
 * until one reaches the maximum, which it may go beyond once (pkg/controller/scheduler.go, nextStepWeight and
 * runCanary). None where nothing is stepped through.
 */
export function flaggerWeights(spec: FlaggerSpec): readonly number[] {
  const { step_weights_pct, step_weight_pct, max_weight_pct, iterations } = spec;
  if (iterations !== undefined) return [];
  if (step_weights_pct) return step_weights_pct;
  const steps = Math.ceil(max_weight_pct / step_weight_pct);
  return Array.from({ length: steps }, (_, index) => Math.min(100, (index + 1) * step_weight_pct));
}

/** Weights of the canary on the way back to the primary, in a promotion by steps. */
export function flaggerWayBack(spec: FlaggerSpec): readonly number[] {
  const top = flaggerWeights(spec).at(-1);
  const step = spec.step_weight_promotion_pct;
  if (top === undefined || step === undefined) return [0];
  const steps = Math.ceil(top / step);
  return Array.from({ length: steps }, (_, index) => Math.max(0, top - (index + 1) * step));
}

/** Number of weight steps that a good release takes, or of checks where no weight is stepped through. */
export function weightSteps(spec: RolloutSpec): number {
  if (spec.controller === 'argo-rollouts') return spec.steps.length;
  return spec.iterations ?? flaggerWeights(spec).length;
}

function argoPromotionBudget(spec: ArgoSpec): Budget {
  if (spec.strategy === 'canary') {
    const pauses_s = spec.steps.reduce((sum, step) => sum + step.pause_s, 0);
    const late_s = 2 * spec.steps.length * ARGO_TICK_S;
    return {
      seconds: 2 * POD_START_S + pauses_s + late_s,
      derivation: `${POD_START_S} s for the canary's pods + pauses of ${pauses_s} s + ${late_s} s for ${spec.steps.length} steps + ${POD_START_S} s for the switch`,
    };
  }
  const measurements = spec.measurements ?? 1;
  const analysis_s = spec.initial_delay_s + (measurements - 1) * spec.interval_s + measurements * ARGO_TICK_S;
  const wait_s = spec.auto_promotion_s ?? 0;
  return {
    seconds: POD_START_S + 2 * analysis_s + wait_s + POD_START_S,
    derivation: `${POD_START_S} s for the preview's pods + 2 x ${analysis_s} s of analysis + ${wait_s} s until the switch + ${POD_START_S} s for the switch`,
  };
}

/**
 * Longest time from shipping to the end of a promotion. Flagger: look, scale up, the steps, copy to the primary, shift,
 * finalise, and two intervals for pods that become ready between ticks. Argo Rollouts: the pauses or the analyses that
 * the Rollout asks for, and the pods' start.
 */
export function promotionBudget(spec: RolloutSpec): Budget {
  if (spec.controller === 'argo-rollouts') return argoPromotionBudget(spec);
  const { held_s = 0, interval_s } = spec;
  const steps = weightSteps(spec) + flaggerWayBack(spec).length - 1;
  return {
    seconds: (steps + 7) * interval_s + held_s,
    derivation: `(steps + 7) x interval: look, scale up, each step, copy, shift, finalise, 2 to spare${heldWords(held_s)}`,
  };
}

/** The promotion budget in seconds. */
export function promotionBudget_s(spec: RolloutSpec): number {
  return promotionBudget(spec).seconds;
}

/**
 * Longest time from the end of a rollback until the pods of the release are gone: the delay that Argo Rollouts keeps
 * them for (abortScaleDownDelaySeconds), and Kubernetes' grace.
 */
export function goneBudget(spec: RolloutSpec): Budget {
  if (spec.controller === 'flagger') {
    return { seconds: TERMINATION_GRACE_S, derivation: "Kubernetes' default termination grace" };
  }
  const { abort_scale_down_delay_s } = spec;
  return {
    seconds: abort_scale_down_delay_s + TERMINATION_GRACE_S,
    derivation: `abort scale-down delay ${abort_scale_down_delay_s} s + Kubernetes' default termination grace`,
  };
}

/** Standard deviation of a share measured on `count` independent answers. */
export function shareDeviation(share: number, count: number): number {
  return count === 0 ? Number.POSITIVE_INFINITY : Math.sqrt((share * (1 - share)) / count);
}

/**
 * The weight that users meet a new release with first, in percent; all of it where a release is switched to at once.
 */
export function firstWeight_pct(spec: RolloutSpec): number {
  if (spec.controller === 'flagger') return flaggerWeights(spec)[0] ?? 100;
  return spec.steps[0]?.weight_pct ?? 100;
}

/** The highest weight before the promotion, in percent. */
export function topWeight_pct(spec: RolloutSpec): number {
  if (spec.controller === 'flagger') return flaggerWeights(spec).at(-1) ?? 100;
  return spec.steps.reduce((top, step) => Math.max(top, step.weight_pct), 0) || 100;
}

/**
 * The most that a failing release can be given during its exposure, as seconds of all traffic: the weights held, each
 * for its time. A failed check holds Flagger's canary at its first weight; Argo Rollouts goes on through the steps
 * until the analysis has failed, and is taken to go as fast as its pauses allow.
 */
export function exposedTraffic_s(spec: RolloutSpec): number {
  let left_s = exposureBudget_s(spec);
  if (spec.controller === 'flagger' || spec.steps.length === 0) return (left_s * firstWeight_pct(spec)) / 100;
  let traffic_s = 0;
  for (const step of spec.steps) {
    const held_s = Math.min(left_s, step.pause_s);
    traffic_s += (held_s * step.weight_pct) / 100;
    left_s -= held_s;
  }
  // Past the last step the release has everything.
  return traffic_s + left_s;
}

/** The share of all answers that are bad while the release has the given weight, in percent. */
export function overallBad_pct(spec: RolloutSpec, weight_pct: number): number {
  return (weight_pct * spec.bad_answers_pct) / 100;
}
