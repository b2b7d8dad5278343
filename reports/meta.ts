import type { EpochMs } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';

/** What a report says about the run besides its verdict and its timeline. */
export interface RunMeta {
  /** Name of the scenario, for example `rollback/flagger-error-rate`. */
  readonly scenario: string;
  /** The one promise of the scenario, as a sentence. */
  readonly title: string;
  readonly started_at: EpochMs;
  readonly ended_at: EpochMs;
  readonly run_id: string;
}

/** Content of `verdict.json`. */
export type VerdictDocument = Verdict & RunMeta;
