import type { FlaggerSpec, RolloutSpec } from '../rollout-spec.ts';
import type { EpochMs } from '../timeline.ts';

/** What a synthetic run is made of; every field has a default that describes a run as it should go. */
export interface SyntheticRunOptions {
  /** Same seed, same records. Default 1. */
  readonly seed?: number;
  /** What the controller does with the next release. Default `rollback`. */
  readonly outcome?: 'rollback' | 'promotion' | 'never-rolled-back';
  /** What the specification says must happen. Default: `promotion` for a promotion, else `rollback`. */
  readonly expected?: RolloutSpec['expected'];
  /** When the run starts. Default 2026-01-15T10:00:00Z. */
  readonly start_at?: EpochMs;
  readonly rate_per_s?: number;
  /** Share of the next release's answers that are bad. Default 50, and 0 for a promotion. */
  readonly bad_pct?: number;
  /** How long load runs before the release is shipped. Default 15. */
  readonly steady_s?: number;
  /** How long load runs after the end state. Default 15. */
  readonly settle_s?: number;
  /** From the first weight to the withdrawal of traffic. Default (threshold + 1) x interval. */
  readonly exposure_s?: number;
  readonly interval_s?: number;
  readonly threshold?: number;
  readonly step_weight_pct?: number;
  readonly max_weight_pct?: number;
  readonly scrape_interval_s?: number;
  /** The split that the gateway really makes while the controller's weight is above 0. Default: the weight. */
  readonly measured_canary_pct?: number;
  /** Bad answers of the stable release, spread over the run. Default 0. */
  readonly stray_bad_answers?: number;
  /** Requests that got no answer at all, spread over the run. Default 0. */
  readonly lost_requests?: number;
  /** How the load ended, or that it never ran. Default `whole`. */
  readonly load?: 'whole' | 'starved' | 'killed' | 'absent';
  /** Processor time of the machine that nobody used in each second, in seconds. Default 1.1, of two cores. */
  readonly machine_idle_s?: number;
  /** How often the chat hears of the failure (or the success). Default 1. */
  readonly failure_messages?: number;
  /** Whether the canary's pods go away in the end. Default true. */
  readonly canary_pods_gone?: boolean;
  /** Furthest state of the alert; default `pending` for a rollback, `firing` when it never comes, else `inactive`. */
  readonly alert?: 'inactive' | 'pending' | 'firing';
  /** Whether Prometheus answers. Without it every check fails for want of values. Default true. */
  readonly prometheus?: boolean;
  /** Whether load and stack were steady before the act. Default true. */
  readonly steady_before?: boolean;
  /** Whether the stack is healthy after the act. Default true. */
  readonly steady_after?: boolean;
  readonly namespace?: string;
}

/** One step of the declared weights. */
export interface WeightStep {
  readonly at: EpochMs;
  readonly canary_pct: number;
}

/** The options with their defaults, and every moment that follows from them. */
export interface SyntheticPlan<Spec extends RolloutSpec = FlaggerSpec> {
  readonly options: Required<SyntheticRunOptions>;
  readonly spec: Spec;
  readonly started_at: EpochMs;
  readonly load_from: EpochMs;
  readonly load_until: EpochMs;
  readonly shipped_at: EpochMs;
  /** The controller's tick that sees the new release. */
  readonly seen_at: EpochMs;
  readonly canary_ready_at: EpochMs;
  readonly weights: readonly WeightStep[];
  readonly failed_checks_at: readonly EpochMs[];
  /** Traffic withdrawn after failing checks; undefined when that never happens. */
  readonly withdrawn_at: EpochMs | undefined;
  /** When the primary's pods run the next release; undefined when it is not promoted. */
  readonly primary_replaced_at: EpochMs | undefined;
  readonly promoted_at: EpochMs | undefined;
  /** When the end state is reached, or the scenario stops waiting for it. */
  readonly settled_at: EpochMs;
}

/** Delay between the controller's write and the gateway's use of it, in ms. */
export const GATEWAY_DELAY_MS = 120;
export const STABLE_RELEASE = 'v1';
export const NEXT_RELEASE = 'v2';

/** Works out when what happens in the synthetic run. */
export function planOf(given: SyntheticRunOptions): SyntheticPlan {
  const options = withDefaults(given);
  const started_at = options.start_at;
  const load_from = started_at + 2_000;
  const shipped_at = load_from + options.steady_s * 1000;
  const interval_ms = options.interval_s * 1000;
  // Flagger looks at the Canary once per interval; this tick comes just after the shipping.
  const seen_at = shipped_at + 80;
  const weight_on_at = shipped_at + interval_ms;
  const bad = options.outcome !== 'promotion';

  const steps: WeightStep[] = [];
  const failed_checks_at: EpochMs[] = [];
  let withdrawn_at: EpochMs | undefined;
  let promoted_at: EpochMs | undefined;
  let primary_replaced_at: EpochMs | undefined;
  let settled_at: EpochMs;

  if (bad) {
    const never = options.outcome === 'never-rolled-back';
    const end = weight_on_at + options.exposure_s * 1000;
    steps.push({ at: weight_on_at, canary_pct: options.step_weight_pct });
    for (let at = weight_on_at + interval_ms; at < end; at += interval_ms) failed_checks_at.push(at);
    if (!never) {
      withdrawn_at = end;
      steps.push({ at: end, canary_pct: 0 });
    }
    settled_at = end + 1_000;
  } else {
    let at = weight_on_at;
    for (let weight = options.step_weight_pct; ; weight += options.step_weight_pct) {
      steps.push({ at, canary_pct: Math.min(weight, 100) });
      at += interval_ms;
      if (weight >= options.max_weight_pct) break;
    }
    primary_replaced_at = at + 3_000;
    const routed_back_at = at + interval_ms;
    promoted_at = routed_back_at + interval_ms;
    steps.push({ at: routed_back_at, canary_pct: 0 });
    settled_at = promoted_at + 1_000;
  }

  return {
    options,
    spec: specOf(options),
    started_at,
    load_from,
    load_until: settled_at + options.settle_s * 1000,
    shipped_at,
    seen_at,
    canary_ready_at: seen_at + 3_400,
    weights: steps,
    failed_checks_at,
    withdrawn_at,
    primary_replaced_at,
    promoted_at,
    settled_at,
  };
}

/** The canary's declared weight at a moment, `delay_ms` after the controller wrote it. */
export function weightAt(weights: readonly WeightStep[], at: EpochMs, delay_ms = 0): number {
  let weight = 0;
  for (const step of weights) if (step.at + delay_ms <= at) weight = step.canary_pct;
  return weight;
}

export function withDefaults(given: SyntheticRunOptions): Required<SyntheticRunOptions> {
  const outcome = given.outcome ?? 'rollback';
  const interval_s = given.interval_s ?? 10;
  const threshold = given.threshold ?? 2;
  const step_weight_pct = given.step_weight_pct ?? 10;
  return {
    seed: 1,
    outcome,
    expected: outcome === 'promotion' ? 'promotion' : 'rollback',
    start_at: Date.UTC(2026, 0, 15, 10, 0, 0),
    rate_per_s: 300,
    bad_pct: outcome === 'promotion' ? 0 : 50,
    steady_s: 15,
    settle_s: 15,
    exposure_s: outcome === 'never-rolled-back' ? 120 : (threshold + 1) * interval_s,
    interval_s,
    threshold,
    step_weight_pct,
    max_weight_pct: 50,
    scrape_interval_s: 2,
    measured_canary_pct: -1,
    stray_bad_answers: 0,
    lost_requests: 0,
    load: 'whole',
    machine_idle_s: 1.1,
    failure_messages: 1,
    canary_pods_gone: outcome !== 'never-rolled-back',
    alert: outcome === 'promotion' ? 'inactive' : outcome === 'rollback' ? 'pending' : 'firing',
    prometheus: true,
    steady_before: true,
    steady_after: true,
    namespace: 'shop-demo',
    ...given,
  };
}

function specOf(options: Required<SyntheticRunOptions>): FlaggerSpec {
  return {
    controller: 'flagger',
    namespace: options.namespace,
    app: 'shop',
    stable_release: STABLE_RELEASE,
    next_release: NEXT_RELEASE,
    expected: options.expected,
    interval_s: options.interval_s,
    threshold: options.threshold,
    step_weight_pct: options.step_weight_pct,
    max_weight_pct: options.max_weight_pct,
    scrape_interval_s: options.scrape_interval_s,
    check: { name: 'error-ratio', max_pct: 5 },
    load: { profile: `steady-${options.rate_per_s}`, rate_per_s: options.rate_per_s },
    bad_answers_pct: options.bad_pct,
    alert: {
      name: 'ShopErrorRatioHigh',
      threshold_pct: 2,
      window_s: 20,
      for_s: 60,
      evaluation_interval_s: 5,
    },
  };
}
