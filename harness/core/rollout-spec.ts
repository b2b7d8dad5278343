/** What a scenario declares of a rollout before it acts: rules compute their budgets from it. */

/** How a rollout can end by itself. */
export type RolloutEnding = 'rollback' | 'promotion';

/** A case of the accuracy of a judge. */
export interface AccuracySpec {
  /** Name of the case, by which repetitions are put together: `latency +8 %`. */
  readonly case: string;
  /** What is compared: the mean latency, or the share of bad answers. */
  readonly metric: 'latency' | 'errors';
  /** Seed of the release's behaviour in this repetition. */
  readonly seed: number;
}

/** What a scenario declares of any rollout before it acts: rules compute their budgets from it. */
interface RolloutSpecBase {
  readonly namespace: string;
  readonly app: string;
  readonly stable_release: string;
  readonly next_release: string;
  /** Name of the gateway's adapter; `traefik` when absent. */
  readonly gateway?: string;
  /** What the specification says must happen to `next_release`; `hold` is neither, for as long as it is watched. */
  readonly expected: RolloutEnding | 'hold';
  /** Ids of the contracts that this run settles. */
  readonly contracts?: readonly string[];
  /** Rules of the usual set that do not apply here, by id, each with the reason. */
  readonly rules_left_out?: Readonly<Record<string, string>>;
  /**
   * A contract that this version of the controller is known to break, and the thread that says so; the controller's own
   * source file where nobody has reported it.
   */
  readonly known_break?: { readonly contract: string; readonly thread: string };
  /** Names of the acts during the rollout, each of which must come to its moment. */
  readonly moments?: readonly string[];
  /** One of many repetitions by which the accuracy of a judge is measured: its decision is counted, whatever it is. */
  readonly accuracy?: AccuracySpec;
  /** Pace of the analysis. */
  readonly interval_s: number;
  readonly scrape_interval_s: number;
  /** Name of the metric check that is meant to find the defect, and its limit. */
  readonly check: { readonly name: string; readonly max_pct: number };
  readonly load: { readonly profile: string; readonly rate_per_s: number };
  /** Share of `next_release`'s answers that are bad by construction, in percent. */
  readonly bad_answers_pct: number;
  readonly alert: {
    readonly name: string;
    readonly threshold_pct: number;
    readonly window_s: number;
    readonly for_s: number;
    readonly evaluation_interval_s: number;
  };
}

/** A rollout by Flagger: a Canary. */
export interface FlaggerSpec extends RolloutSpecBase {
  readonly controller: 'flagger';
  readonly threshold: number;
  readonly step_weight_pct: number;
  readonly max_weight_pct: number;
  /** Weights one after the other, where they are listed (`stepWeights`); equal steps when absent. */
  readonly step_weights_pct?: readonly number[];
  /** Step by which a promotion leads the traffic back to the primary; all at once when absent. */
  readonly step_weight_promotion_pct?: number;
  /** Checks before the promotion where no weight is stepped through: A/B tests and blue/green. */
  readonly iterations?: number;
  /** Time for which acts of the scenario hold the rollout up on purpose, in seconds; none when absent. */
  readonly held_s?: number;
  /** How long pods may take to become ready; old runs do not say. */
  readonly progress_deadline_s?: number;
}

/** One weight of a canary by Argo Rollouts, and how long it is held once it is reached. */
export interface CanaryStep {
  readonly weight_pct: number;
  readonly pause_s: number;
}

/** A rollout by Argo Rollouts: a Rollout with an analysis. */
export interface ArgoSpec extends RolloutSpecBase {
  readonly controller: 'argo-rollouts';
  readonly strategy: 'canary' | 'blue-green';
  /** The Rollout takes a serving Deployment over by workloadRef before the release is shipped. */
  readonly from_deployment?: boolean;
  /** Weights of a canary in their order; none for blue/green. */
  readonly steps: readonly CanaryStep[];
  /** From the start of an analysis to its first measurement. */
  readonly initial_delay_s: number;
  /** How far back a measurement looks. */
  readonly window_s: number;
  /** Failed measurements that the analysis bears; the next one aborts. */
  readonly failure_limit: number;
  /** Blue/green: measurements before and after the switch. A canary is measured as long as it lasts. */
  readonly measurements?: number;
  /** Blue/green: how long the new pods run beside the old ones before they are switched to. */
  readonly auto_promotion_s?: number;
  /** How long the pods of a replaced, and of an aborted, release live on. */
  readonly scale_down_delay_s: number;
  readonly abort_scale_down_delay_s: number;
}

/** What the scenario declared before it acted. */
export type RolloutSpec = FlaggerSpec | ArgoSpec;
