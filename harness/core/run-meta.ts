import type { EpochMs } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/** What is to be said of a run besides its verdict and its timeline. */
export interface RunMeta {
  /** Unique; also the name of the run's namespace. */
  readonly run_id: string;
  /** Name of the scenario, for example `rollback/flagger-error-rate`. */
  readonly scenario: string;
  /** The one promise of the scenario, as a sentence. */
  readonly title: string;
  readonly started_at: EpochMs;
  readonly ended_at: EpochMs;
  /** Name of what was broken on purpose, to prove that it is noticed: the run says nothing of the stack. */
  readonly seeded_defect?: string;
}

/** Content of `verdict.json`. */
export type VerdictDocument = Verdict & RunMeta;
