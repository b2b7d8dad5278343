import type { TakesEvidence } from '#harness/core/caught.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import type { CanaryOptions } from '#harness/stack/shop.ts';
import type { Acting } from './on-cluster.ts';

/** What the scenario of a rollout acts with. */
export interface RolloutAct extends Acting {
  readonly spec: RolloutSpec;
}

/** Something broken on purpose in the real stack, and the rule that must notice it. */
export interface SeededDefect {
  readonly name: string;
  /** What is broken, as a sentence. */
  readonly breaks: string;
  /** Id of the rule that must fail. */
  readonly noticed_by: string;
  /** It breaks what the rule judges by, so that the rule is inconclusive. */
  readonly takes_evidence?: TakesEvidence;
  /** True for what other scenarios on the cluster would notice too: it runs alone. */
  readonly breaks_shared?: true;
  /** The Canary differs from what the scenario declares. */
  readonly canary?: CanaryOptions;
  /** Another release is shipped than the scenario declares. */
  readonly release?: string;
  /** Breaks something before the load starts; disposing of the result mends it. */
  readonly before?: (act: RolloutAct) => Promise<AsyncDisposable>;
  /** Breaks something about the running load. */
  readonly load?: (load: RunningLoad) => AsyncDisposable;
}
