/**
 * The alert rules that the manifests of Prometheus are filled from. What a team runs with in production is scaled down by
 * `TIME_SCALE`, as a Canary's interval is (5 min to 10 s), so that windows, steps and exposures keep their proportions.
 */

/** Production time for one unit of time here. */
export const TIME_SCALE = 30;

/**
 * The alert rule on the shop's error ratio; the manifest is filled from it, and rules compute their budgets from it.
 * The window is short enough for a rollback within 32 s to end before `for_s` is over: 32 + 10 + 2 < 60.
 */
export const SHOP_ALERT = {
  name: 'ShopErrorRatio',
  threshold_pct: 2,
  window_s: 10,
  for_s: 60,
  evaluation_interval_s: 2,
} as const;

/** The slowest answers of the shop: 99th percentile over 5 min of production for 30 min. */
export const LATENCY_ALERT = {
  name: 'ShopLatency',
  quantile: 0.99,
  max_s: 0.5,
  window_s: 300 / TIME_SCALE,
  for_s: 1800 / TIME_SCALE,
} as const;

/**
 * The shop's error budget, burnt too fast, by two windows each: 14.4 times over 1 h and 5 min, 6 times over 6 h and 30 min.
 * Source: Site Reliability Workbook, chapter 5, "multiwindow, multi-burn-rate alerts". The objective is 99 %, so that
 * one bad pod of ten under load does not use up a month's budget in the seconds that a run has.
 */
export const BURN_ALERT = {
  name: 'ShopErrorBudgetBurn',
  objective_pct: 99,
  fast: { factor: 14.4, long_s: 3600 / TIME_SCALE, short_s: 300 / TIME_SCALE },
  slow: { factor: 6, long_s: 21_600 / TIME_SCALE, short_s: 1800 / TIME_SCALE },
} as const;

/**
 * A container that crashes again and again, for 15 min of production. The pauses between restarts are the kubelet's
 * (10 s, 20 s, 40 s) and are not scaled; the window spans the moments in which it runs.
 */
export const CRASH_ALERT = { name: 'PodCrashLooping', window_s: 10, for_s: 900 / TIME_SCALE } as const;

/** A Canary or Rollout under way for longer than it should take: 90 min of production, where one takes 45 to 60. */
export const OVERDUE_ALERT = { name: 'CanaryOverdue', for_s: 5400 / TIME_SCALE } as const;

/** A source, a Kustomization or a HelmRelease of Flux's that is not ready, for 30 min of production. */
export const FLUX_ALERT = { name: 'FluxNotReady', for_s: 1800 / TIME_SCALE } as const;

/** Share of bad answers at which a budget burns so many times too fast, as a ratio. */
export function burnRatio(factor: number, objective_pct: number = BURN_ALERT.objective_pct): number {
  return Math.round(factor * (100 - objective_pct) * 1000) / 100_000;
}

/** The rules as the manifests name their parts. */
export const ALERT_VALUES = {
  evaluation_interval_s: SHOP_ALERT.evaluation_interval_s,
  alert_name: SHOP_ALERT.name,
  alert_window_s: SHOP_ALERT.window_s,
  alert_threshold_ratio: SHOP_ALERT.threshold_pct / 100,
  alert_for_s: SHOP_ALERT.for_s,
  latency_name: LATENCY_ALERT.name,
  latency_quantile: LATENCY_ALERT.quantile,
  latency_max_s: LATENCY_ALERT.max_s,
  latency_window_s: LATENCY_ALERT.window_s,
  latency_for_s: LATENCY_ALERT.for_s,
  burn_name: BURN_ALERT.name,
  burn_fast_factor: BURN_ALERT.fast.factor,
  burn_fast_ratio: burnRatio(BURN_ALERT.fast.factor),
  burn_fast_long_s: BURN_ALERT.fast.long_s,
  burn_fast_short_s: BURN_ALERT.fast.short_s,
  burn_slow_factor: BURN_ALERT.slow.factor,
  burn_slow_ratio: burnRatio(BURN_ALERT.slow.factor),
  burn_slow_long_s: BURN_ALERT.slow.long_s,
  burn_slow_short_s: BURN_ALERT.slow.short_s,
  crash_name: CRASH_ALERT.name,
  crash_window_s: CRASH_ALERT.window_s,
  crash_for_s: CRASH_ALERT.for_s,
  overdue_name: OVERDUE_ALERT.name,
  overdue_for_s: OVERDUE_ALERT.for_s,
  flux_name: FLUX_ALERT.name,
  flux_for_s: FLUX_ALERT.for_s,
} as const;
