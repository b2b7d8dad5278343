import type { ArgoSpec, CanaryStep } from '#harness/core/rollout-spec.ts';
import { PROMETHEUS_ADDRESS } from './prometheus.ts';

/** How long a Deployment lives on beside the Rollout that refers to its pod template. */
export type WorkloadScaleDown = 'never' | 'onsuccess' | 'progressively';

/**
 * How Argo Rollouts rolls a release of the shop out and judges it. Every default is what a careful team would choose,
 * scaled down. The first weight is held for longer than the analysis needs to fail, so that a bad release never goes
 * beyond it.
 */
export interface RolloutOptions {
  readonly strategy?: ArgoSpec['strategy'];
  /** Weights of a canary and how long each is held. */
  readonly steps?: readonly CanaryStep[];
  /** Between two measurements. */
  readonly interval_s?: number;
  /** From the start of an analysis to its first measurement: long enough for Prometheus to find and read the pods. */
  readonly initial_delay_s?: number;
  /** How far back a measurement looks: five scrapes. */
  readonly window_s?: number;
  /** Failed measurements that are borne; none unless said. */
  readonly failure_limit?: number;
  /** Blue/green: measurements before and after the switch. */
  readonly measurements?: number;
  /** Blue/green: between a preview that was found well and the switch. */
  readonly auto_promotion_s?: number;
  readonly scale_down_delay_s?: number;
  readonly abort_scale_down_delay_s?: number;
  readonly progress_deadline_s?: number;
  /** Name of the one check of a release with traffic: the share of server errors among the canary's answers. */
  readonly check_name?: string;
  /** The check fails above this share, in percent. */
  readonly check_max_pct?: number;
  readonly replicas?: number;
  /**
   * The pod template stays in the shop's Deployment, which is scaled down like this; in the Rollout itself when
   * absent.
   */
  readonly workload_scale_down?: WorkloadScaleDown;
  /** Where the check asks for metrics; Prometheus itself unless said, or the proxy that lies about a namespace. */
  readonly metrics_address?: string;
  /** Seeded defect: the counter that the check reads. */
  readonly metric?: string;
  /** Seeded defect: `passes` lets a measurement without any value count as a good one. */
  readonly no_data?: 'fails' | 'passes';
  /** Seeded defect: `missing` gives pods no label that tells canary from stable. */
  readonly role_labels?: 'given' | 'missing';
  /** Seeded defect: triggers that nobody is subscribed to. */
  readonly unsubscribed?: readonly string[];
}

/** The options, chosen. */
export type ChosenRollout = Required<Omit<RolloutOptions, 'workload_scale_down'>> &
  Pick<RolloutOptions, 'workload_scale_down'>;

/** The options with their defaults, as the specification of a run declares them. */
export function rolloutOptions(given: RolloutOptions = {}): ChosenRollout {
  const blue_green = given.strategy === 'blue-green';
  return {
    strategy: 'canary',
    steps: blue_green
      ? []
      : [
          { weight_pct: 10, pause_s: 25 },
          { weight_pct: 20, pause_s: 10 },
          { weight_pct: 50, pause_s: 10 },
        ],
    interval_s: 5,
    initial_delay_s: 10,
    window_s: 10,
    failure_limit: 2,
    measurements: 2,
    auto_promotion_s: 5,
    scale_down_delay_s: blue_green ? 30 : 10,
    abort_scale_down_delay_s: 5,
    progress_deadline_s: 60,
    check_name: 'error-rate',
    check_max_pct: 1,
    replicas: 2,
    metrics_address: PROMETHEUS_ADDRESS,
    metric: 'http_requests_total',
    no_data: 'fails',
    role_labels: 'given',
    unsubscribed: [],
    ...given,
  };
}
