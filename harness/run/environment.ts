import type { Cluster } from '#harness/cluster/types.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import type { Keep } from '#harness/config/config.ts';

/** What a prepared machine hands to each scenario. It crosses to the worker, so it is plain data. */
export interface ScenarioEnvironment {
  readonly cluster: Cluster;
  /** Path of the k6 program. */
  readonly k6: string;
  /** Image references by component, as the node knows them. */
  readonly images: Readonly<Record<string, string>>;
  /** Folders with the definitions that components bring along. */
  readonly manifests: Readonly<Record<'traefik' | 'flagger', string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly seed: number;
  /** Folder that holds one folder per scenario. */
  readonly out_dir: string;
  readonly keep: Keep;
}

/** What a scenario hands back beside its test result. */
export interface ScenarioOutcome {
  readonly run_dir: string;
  readonly outcome: Outcome;
  /** A seeded defect: the test passes when the verdict is not `pass`. */
  readonly seeded_defect?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    mettle: ScenarioEnvironment;
  }
  interface TaskMeta {
    mettle?: ScenarioOutcome;
  }
}

/** Type of the annotations by which a scenario says what it is doing. */
export const PROGRESS_ANNOTATION = 'progress';
