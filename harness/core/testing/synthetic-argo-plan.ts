import type { ArgoSpec } from '../rollout-spec.ts';
import {
  NEXT_RELEASE,
  STABLE_RELEASE,
  type SyntheticPlan,
  type SyntheticRunOptions,
  type WeightStep,
  withDefaults,
} from './synthetic-plan.ts';

/** What a synthetic run by Argo Rollouts is made of; every field has a default that describes a run as it should go. */
export interface SyntheticArgoOptions
  extends Omit<SyntheticRunOptions, 'threshold' | 'step_weight_pct' | 'max_weight_pct' | 'interval_s'> {
  readonly strategy?: ArgoSpec['strategy'];
  /** What a measurement finds: what clients met, or nothing, which then counts as a good or as a bad one. */
  readonly finds?: 'as-met' | 'nothing-good' | 'nothing-bad' | 'half';
  /** Labels of the pods: true, never given, or given this many seconds late at a promotion. */
  readonly labels?: 'true' | 'missing' | number;
  /** Names of the messages that never arrive. */
  readonly unheard?: readonly ('began' | 'step' | 'completed' | 'aborted' | 'degraded')[];
  /** Weights that the canary leaves out. */
  readonly skipped_pct?: readonly number[];
  /** Blue/green: the preview is met by users this many seconds before the switch. */
  readonly early_s?: number;
  /** The Rollout took a Deployment over before; with a gap, one pod was missing for a moment. */
  readonly from_deployment?: 'whole' | 'gap' | 'left-over';
}

/** Moments of a run by Argo Rollouts beside those of any. */
export interface SyntheticArgoPlan extends SyntheticPlan<ArgoSpec> {
  readonly argo: Required<
    Pick<SyntheticArgoOptions, 'finds' | 'labels' | 'unheard'> & {
      from_deployment: SyntheticArgoOptions['from_deployment'] | 'no';
    }
  >;
  /** When the measurements of the check were taken. */
  readonly measured_at: readonly number[];
  readonly aborted_at: number | undefined;
}

const FAILURE_LIMIT = 2;

function specOf(options: Required<SyntheticRunOptions>, given: SyntheticArgoOptions): ArgoSpec {
  const strategy = given.strategy ?? 'canary';
  return {
    controller: 'argo-rollouts',
    namespace: options.namespace,
    app: 'shop',
    stable_release: STABLE_RELEASE,
    next_release: NEXT_RELEASE,
    expected: options.expected,
    strategy,
    ...(given.from_deployment ? { from_deployment: true } : {}),
    steps:
      strategy === 'canary'
        ? [
            { weight_pct: 10, pause_s: 25 },
            { weight_pct: 20, pause_s: 10 },
            { weight_pct: 50, pause_s: 10 },
          ]
        : [],
    interval_s: 5,
    initial_delay_s: 10,
    window_s: 10,
    failure_limit: FAILURE_LIMIT,
    ...(strategy === 'blue-green' ? { measurements: 2, auto_promotion_s: 5 } : {}),
    scale_down_delay_s: 10,
    abort_scale_down_delay_s: 5,
    scrape_interval_s: options.scrape_interval_s,
    check: { name: 'error-rate', max_pct: 1 },
    load: { profile: `steady-${options.rate_per_s}`, rate_per_s: options.rate_per_s },
    bad_answers_pct: options.bad_pct,
    alert: {
      name: 'ShopErrorRatio',
      threshold_pct: 2,
      window_s: 10,
      for_s: 60,
      evaluation_interval_s: 2,
    },
  };
}

interface Course {
  readonly weights: WeightStep[];
  readonly measured_at: number[];
  readonly aborted_at?: number;
  readonly promoted_at?: number;
  readonly replaced_at?: number;
  readonly settled_at: number;
}

/** A bad release at its first weight, until the failures exceed the limit; or for as long as is asked for. */
function failing(spec: ArgoSpec, begun_at: number, options: Required<SyntheticRunOptions>): Course {
  const first_pct = spec.steps[0]?.weight_pct ?? 100;
  const needed_s = spec.initial_delay_s + spec.failure_limit * spec.interval_s + 0.4;
  const never = options.outcome === 'never-rolled-back';
  const exposed_s = never ? 80 : options.exposure_s > 0 ? options.exposure_s : needed_s;
  const end_at = begun_at + exposed_s * 1000;
  const measured_at: number[] = [];
  for (let at = begun_at + spec.initial_delay_s * 1000; at < end_at; at += spec.interval_s * 1000)
    measured_at.push(at);
  const weights: WeightStep[] = [{ at: begun_at, canary_pct: first_pct }];
  if (!never) weights.push({ at: end_at, canary_pct: 0 });
  return {
    weights,
    measured_at: never ? measured_at : measured_at.slice(0, spec.failure_limit + 1),
    ...(never ? {} : { aborted_at: end_at - 200 }),
    settled_at: end_at + 1_000,
  };
}

/** A good canary: each weight for its time, then everything, then its pods are the stable ones. */
function climbing(spec: ArgoSpec, begun_at: number, skipped_pct: readonly number[]): Course {
  const weights: WeightStep[] = [];
  let at = begun_at;
  for (const step of spec.steps) {
    if (skipped_pct.includes(step.weight_pct)) continue;
    weights.push({ at, canary_pct: step.weight_pct });
    at += step.pause_s * 1000 + 300;
  }
  const whole_at = at + 2_000;
  weights.push({ at: whole_at, canary_pct: 100 }, { at: whole_at + 2_500, canary_pct: 0 });
  const measured_at: number[] = [];
  for (let time = begun_at + spec.initial_delay_s * 1000; time < whole_at; time += spec.interval_s * 1000)
    measured_at.push(time);
  return {
    weights,
    measured_at,
    promoted_at: whole_at + 2_600,
    replaced_at: whole_at,
    settled_at: whole_at + 3_000,
  };
}

/** A good blue/green release: looked at, switched to, and looked at again. */
function switching(spec: ArgoSpec, ready_at: number, early_s: number): Course {
  const analysis_ms = (spec.initial_delay_s + spec.interval_s) * 1000;
  const switched_at = ready_at + analysis_ms + (spec.auto_promotion_s ?? 0) * 1000;
  const first_at = switched_at + spec.initial_delay_s * 1000;
  return {
    weights: [{ at: switched_at, canary_pct: 100 }],
    measured_at: [first_at, first_at + spec.interval_s * 1000],
    promoted_at: switched_at + analysis_ms + 500,
    replaced_at: switched_at - early_s * 1000,
    settled_at: switched_at + analysis_ms + 1_500,
  };
}

/** Works out when what happens in a synthetic run by Argo Rollouts. */
export function argoPlanOf(given: SyntheticArgoOptions): SyntheticArgoPlan {
  const options = { ...withDefaults(given), exposure_s: given.exposure_s ?? 0 };
  const spec = specOf(options, given);
  const started_at = options.start_at;
  const load_from = started_at + 2_000;
  const shipped_at = load_from + options.steady_s * 1000;
  const ready_at = shipped_at + 2_200;
  const begun_at = ready_at + 400;
  const course =
    options.outcome !== 'promotion'
      ? failing(spec, begun_at, options)
      : spec.strategy === 'canary'
        ? climbing(spec, begun_at, given.skipped_pct ?? [])
        : switching(spec, ready_at, given.early_s ?? 0);
  return {
    options,
    spec,
    started_at,
    load_from,
    load_until: course.settled_at + options.settle_s * 1000,
    shipped_at,
    seen_at: shipped_at + 120,
    canary_ready_at: ready_at,
    weights: course.weights,
    failed_checks_at: course.measured_at,
    withdrawn_at: course.aborted_at === undefined ? undefined : course.aborted_at + 200,
    primary_replaced_at: course.replaced_at,
    promoted_at: course.promoted_at,
    settled_at: course.settled_at,
    measured_at: course.measured_at,
    aborted_at: course.aborted_at,
    argo: {
      finds: given.finds ?? 'as-met',
      labels: given.labels ?? 'true',
      unheard: given.unheard ?? [],
      from_deployment: given.from_deployment ?? 'no',
    },
  };
}
