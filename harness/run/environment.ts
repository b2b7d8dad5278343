import type { Cluster } from '#harness/cluster/types.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import type { ComponentName } from '#harness/stack/component.ts';
import type { ProfileName } from '#harness/load/profiles.ts';
import type { ImageMode, Keep } from '#harness/config/config.ts';

/** What was made present for scenarios, as their runs use it. */
export interface ScenarioArtifacts {
  /** Path of the k6 program. */
  readonly k6: string;
  /** Image references by component, as the node knows them. */
  readonly images: Readonly<Record<string, string>>;
  /** Folders with definitions (CRDs), by folder of the bill of materials. */
  readonly manifests: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Where images come from. */
export interface ImageSource {
  readonly mode: ImageMode;
  readonly registry?: string;
}

/** What a prepared machine hands to each scenario. It crosses to the worker, so it is plain data. */
export interface PreparedMachine extends ScenarioArtifacts {
  /** Absent for a scenario that makes its cluster itself. */
  readonly cluster?: Cluster;
  /** The parts that the cluster has, or whose images were made ready for it. */
  readonly components: readonly ComponentName[];
  /** How further images are made present, for a scenario that makes clusters of its own. */
  readonly image_source: ImageSource;
  readonly seed: number;
  /** Folder that holds one folder per scenario. */
  readonly out_dir: string;
  readonly keep: Keep;
  /** Load of every rollout, in place of what its scenario asks for. */
  readonly load?: ProfileName;
}

/** A prepared machine with a cluster to run on. */
export interface ScenarioEnvironment extends PreparedMachine {
  readonly cluster: Cluster;
}

/** What a scenario hands back beside its test result. */
export interface ScenarioOutcome {
  readonly run_dir: string;
  readonly outcome: Outcome;
  /** A seeded defect: the test passes when the rule that is meant for it noticed. */
  readonly seeded_defect?: string;
  /** Folders of further runs of the same test. */
  readonly further_runs?: readonly string[];
}

declare module 'vitest' {
  interface ProvidedContext {
    mettle: PreparedMachine;
  }
  interface TaskMeta {
    mettle?: ScenarioOutcome;
  }
}

/** Type of the annotations by which a scenario says what it is doing. */
export const PROGRESS_ANNOTATION = 'progress';
