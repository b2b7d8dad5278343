/** The one door that scenarios come in by: `test`, `expect`, and what a scenario may use. */
import { relative } from 'node:path';
import { expect, inject, test as base } from 'vitest';
import { type HowCaught, isCaught } from '#harness/core/caught.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { type Verdict, worst } from '#harness/core/verdict.ts';
import { scenarioName, ROOT } from '#harness/run/catalogue.ts';
import {
  type PreparedMachine,
  PROGRESS_ANNOTATION,
  type ScenarioEnvironment,
  type ScenarioOutcome,
} from '#harness/run/environment.ts';
import { openCluster, type OpenClusterOptions, type OpenedCluster } from '#harness/run/open-cluster.ts';
import type { Opening } from '#harness/run/recovery/recover.ts';
import { ScenarioRun } from '#harness/run/scenario-run.ts';

export { ARGO_DEFECTS } from '#harness/run/argo-defects.ts';
export { argoRollout } from '#harness/run/argo-rollout.ts';
export { flaggerRollout } from '#harness/run/flagger-rollout.ts';
export { SEEDED_DEFECTS, SHARED_DEFECTS } from '#harness/run/seeded-defects.ts';
export { alertOnce } from '#harness/run/alert.ts';
export { ALERT_DEFECTS } from '#harness/run/alert-defects.ts';
export { DELIVERY_DEFECTS } from '#harness/run/gitops-defects.ts';
export { gitopsRefusal } from '#harness/run/gitops-refusal.ts';
export { gitopsRollout } from '#harness/run/gitops-rollout.ts';
export { istioObjects } from '#harness/run/istio-objects.ts';
export { SPLIT_DEFECTS } from '#harness/run/split-defects.ts';
export { splitTraffic } from '#harness/run/split-run.ts';
export { blindJudge } from '#harness/run/blind-judge.ts';
export { BLIND_ARGO_JUDGES, BLIND_FLAGGER_JUDGES } from '#harness/run/blind-judges.ts';
export { dashboardShows } from '#harness/run/dashboard-run.ts';
export { senders } from '#harness/run/senders.ts';
export { SERVICE_DEFECTS } from '#harness/run/service-defects.ts';
export {
  COLUMN_BEFORE_RELEASE,
  CUT_OFF_SILENTLY,
  migrateThroughGate,
  SAYS_YES,
} from '#harness/run/migration/gate.ts';
export { argoGate } from '#harness/run/migration/gate-argo.ts';
export { flaggerGate } from '#harness/run/migration/gate-flagger.ts';
export { fluxGate } from '#harness/run/migration/gate-flux.ts';
export { twoVersions } from '#harness/run/two-versions.ts';
export { databaseLoss } from '#harness/run/database-loss.ts';
export { ARGO_ANALYSIS } from '#harness/run/contracts/argo-analysis.ts';
export { ARGO_CONFIGURATION } from '#harness/run/contracts/argo-configuration.ts';
export { ARGO_JOBS } from '#harness/run/contracts/argo-jobs.ts';
export {
  ARGO_1_8_KNOWN_BREAKS_ANALYSIS,
  ARGO_KNOWN_BREAKS_ANALYSIS,
} from '#harness/run/contracts/argo-known-breaks-analysis.ts';
export { ARGO_RETRY } from '#harness/run/contracts/argo-retry.ts';
export { ARGO_SCALING } from '#harness/run/contracts/argo-scaling.ts';
export { ARGO_STABLE } from '#harness/run/contracts/argo-stable.ts';
export { ARGO_KNOWN_BREAKS } from '#harness/run/contracts/argo-known-breaks.ts';
export { ARGO_CONTROLLERS } from '#harness/run/contracts/argo-controllers.ts';
export { ARGO_WORKLOAD } from '#harness/run/contracts/argo-workload.ts';
export { ARGO_GIT } from '#harness/run/contracts/argo-git.ts';
export { ARGO_ABORT } from '#harness/run/contracts/argo-abort.ts';
export { FLAGGER_CONFIGURATION } from '#harness/run/contracts/flagger-configuration.ts';
export { FLAGGER_SCALING } from '#harness/run/contracts/flagger-scaling.ts';
export { FLAGGER_STRATEGIES } from '#harness/run/contracts/flagger-strategies.ts';
export { FLAGGER_GATES } from '#harness/run/contracts/flagger-gates.ts';
export { FLAGGER_HOOKS } from '#harness/run/contracts/flagger-hooks.ts';
export { FLAGGER_LIFECYCLE, FLAGGER_UPGRADE } from '#harness/run/contracts/flagger-lifecycle.ts';
export { FLAGGER_REVISIONS } from '#harness/run/contracts/flagger-revisions.ts';
export { ARGO_WINDOW } from '#harness/run/contracts/argo-window.ts';
export { ARGO_BLUE_GREEN } from '#harness/run/contracts/argo-blue-green.ts';
export { ARGO_DEADLINE } from '#harness/run/contracts/argo-deadline.ts';
export { FLAGGER_ANALYSIS } from '#harness/run/contracts/flagger-analysis.ts';
export { FLAGGER_1_43_BREAKS, FLAGGER_KNOWN_BREAKS } from '#harness/run/contracts/flagger-known-breaks.ts';
export { FLAGGER_PROMOTION } from '#harness/run/contracts/flagger-promotion.ts';
export { FLAGGER_READINESS } from '#harness/run/contracts/flagger-readiness.ts';
export {
  ACCURACY_CASES,
  type AccuracyCase,
  accuracyRuns,
  argoAccuracy,
  decisionsOf,
  FLAGGER_ACCURACY_CASES,
  flaggerAccuracy,
  WRONG_MAX,
} from '#harness/run/contracts/accuracy.ts';
export { NOT_BLAMED, NOT_BLAMED_ALONE } from '#harness/run/contracts/no-false-rollback.ts';
export { CUT_OFF } from '#harness/run/contracts/partition.ts';
export { BAKED, CORRUPT_CONFIGURATION, PRACTITIONERS } from '#harness/run/contracts/practitioners.ts';
export {
  API_SERVER_ARGO,
  API_SERVER_FLAGGER,
  KILLED_ARGO,
  KILLED_FLAGGER,
  withoutFlux,
} from '#harness/run/contracts/stack-faults.ts';
export {
  FOUGHT_FLAGGER,
  SLOW_CHAT_ARGO,
  SLOW_CHAT_FLAGGER,
  WEIGHTS_FOUGHT,
} from '#harness/run/contracts/stack-fights.ts';
export { comparedRollout, DIFFERING } from '#harness/run/contracts/comparison.ts';
export { zeroDowntime } from '#harness/run/zero-downtime.ts';
export { RECOVERY_DEFECTS, spoilAll } from '#harness/run/recovery/defects.ts';
export { EXPAND_CONTRACT_DEFECTS, expandMigrateContract } from '#harness/run/migration/expand-contract.ts';
export { ADDED_COLUMN, RENAMED_COLUMN, rollbackAcross } from '#harness/run/migration/rollback-across.ts';
export { backupFirst } from '#harness/run/migration/backup-first.ts';
export {
  DEPENDENCY_DEFECTS,
  dependentCanary,
  dependentServices,
} from '#harness/run/migration/dependent-services.ts';
export { QUEUE_DEFECTS, queueTolerant } from '#harness/run/migration/queue-tolerant.ts';
export { STOP_AND_GO_DEFECTS, stopAndGo } from '#harness/run/migration/stop-and-go.ts';
export { migrateReadOnly, READ_ONLY_DEFECTS } from '#harness/run/migration/read-only.ts';
export { rebuild } from '#harness/run/recovery/rebuild.ts';
export {
  chatOutsideDeaf,
  canaryAt,
  gitAway,
  migratedSinceTheDump,
  newestBackupDamaged,
  newestDumpLacksOrders,
} from '#harness/run/recovery/troubles.ts';
export { lateBy, missingImage, staleSecret } from '#harness/run/recovery/obstacles.ts';
export { deletedOrders } from '#harness/run/recovery/mistake.ts';
export { flagger, flux, gateway, losePart, prometheus } from '#harness/run/recovery/parts.ts';
export { controlPlane, databasePod, databaseVolume, node } from '#harness/run/recovery/parts-below.ts';
export { refusedFirst } from '#harness/run/recovery/refuse.ts';
export { RELEASE_SHIPPED } from '#harness/run/recovery/differences.ts';

/** A run of a name of its own, for a scenario that has several, or on another cluster. */
export interface FurtherRun {
  /** Added to the scenario's name; none for its only run. */
  readonly name?: string;
  /** Another cluster than the scenario's own. */
  readonly on?: ScenarioEnvironment;
  /** Name of what is broken on purpose; absent in every other run. */
  readonly defect?: string;
}

/** Opens runs of the scenario that asks for it; a name alone is that of a seeded defect. */
export type OpenRun = (variant?: string | FurtherRun) => ScenarioRun;

/** Makes a further cluster, which is gone when the test ends. */
export type OpenCluster = (options: OpenClusterOptions) => Promise<OpenedCluster>;

interface Fixtures {
  tell: Progress;
  openRun: OpenRun;
  /** For a scenario that makes its cluster itself (`Isolation: rebuilt`). */
  opening: Opening;
  openCluster: OpenCluster;
}

/** @throws UnfitError where the scenario's file says that it makes its cluster itself */
function withCluster(machine: PreparedMachine): ScenarioEnvironment {
  const { cluster } = machine;
  if (cluster) return { ...machine, cluster };
  throw new UnfitError('the scenario was given no cluster to run on', {
    next: 'Its file says `Isolation: rebuilt`: open the run with the cluster that it makes.',
  });
}

/** What the test's result says of the runs that it opened. */
function outcomeOf(
  opened: readonly ScenarioRun[],
  seeded_defect: string | undefined,
): ScenarioOutcome | undefined {
  const [first, ...further] = opened;
  if (first === undefined) return undefined;
  return {
    run_dir: first.dir,
    outcome: worst(opened.map(({ verdict }) => verdict?.outcome ?? 'inconclusive')),
    ...(seeded_defect === undefined ? {} : { seeded_defect }),
    ...(further.length === 0 ? {} : { further_runs: further.map(({ dir }) => dir) }),
  };
}

/** vitest's `test` with fixtures that open runs and clusters, and close them when the test ends. */
export const test = base.extend<Fixtures>({
  tell: async ({ annotate }, use) => {
    const annotations: Promise<unknown>[] = [];
    await use((line) => {
      annotations.push(annotate(line, PROGRESS_ANNOTATION).catch(() => undefined));
    });
    await Promise.all(annotations);
  },
  openRun: async ({ task, signal, tell }, use) => {
    const opened: ScenarioRun[] = [];
    let seeded_defect: string | undefined;
    const told = (): void => {
      const outcome = outcomeOf(opened, seeded_defect);
      if (outcome) task.meta.mettle = outcome;
    };
    await use((variant) => {
      const further = typeof variant === 'object' ? variant : undefined;
      const defect = typeof variant === 'string' ? variant : variant?.defect;
      if (defect !== undefined) seeded_defect = defect;
      const part = defect ?? further?.name;
      const run = new ScenarioRun({
        environment: further?.on ?? withCluster(inject('mettle')),
        scenario: [scenarioName(task.file.filepath), ...(part === undefined ? [] : [part])].join('/'),
        title: task.name,
        seeded_defect,
        file: relative(ROOT, task.file.filepath),
        signal,
        progress: further?.name === undefined ? tell : (line) => tell(`${String(further.name)}: ${line}`),
      });
      opened.push(run);
      told();
      return run;
    });
    for (const run of opened) await run[Symbol.asyncDispose]();
    told();
  },
  opening: async ({ openRun, signal, tell }, use) => {
    await use({ machine: inject('mettle'), openRun, progress: tell, signal });
  },
  openCluster: async ({ signal, tell }, use) => {
    await using opened = new AsyncDisposableStack();
    await use(async (options) => {
      const cluster = await openCluster(inject('mettle'), options, { progress: tell, signal });
      return opened.use(cluster);
    });
  },
});

function describeVerdict(verdict: Verdict): string {
  return verdict.rules
    .filter((rule) => rule.outcome !== 'pass')
    .map((rule) => `${rule.rule}: ${rule.outcome}: ${rule.reason} (limit ${rule.limit})`)
    .join('\n');
}

expect.extend({
  /** The verdict is `pass`: every rule held, on evidence. */
  toHold(verdict: Verdict) {
    return {
      pass: verdict.outcome === 'pass',
      message: () => `the verdict is ${verdict.outcome}\n${describeVerdict(verdict)}`,
    };
  },
  /** The named rule noticed: it fails, unless the scenario says that the defect takes its evidence away. See `isCaught`. */
  toBeCaughtBy(verdict: Verdict, rule: string, how?: HowCaught) {
    const found = verdict.rules.find((one) => one.rule === rule);
    const wanted = how === undefined || how instanceof RegExp ? 'fail' : 'be inconclusive';
    const says = how === undefined || how instanceof RegExp ? how : how.says;
    const because = says === undefined ? '' : `, because of ${String(says)}`;
    return {
      pass: isCaught(verdict, rule, how),
      message: () =>
        `rule ${rule} had to ${wanted}${because}; it says ${found?.outcome ?? 'nothing'}, and the verdict is ${verdict.outcome}\n${describeVerdict(verdict)}`,
    };
  },
  /**
   * The named contract is broken, as its thread says, and on evidence. A contract that holds is news: the version at
   * hand keeps what it was known to break.
   */
  toBreakAsKnown(verdict: Verdict, contract: string, thread: string) {
    const found = verdict.rules.find((one) => one.rule === contract);
    return {
      pass: found?.outcome === 'fail',
      message: () =>
        found?.outcome === 'pass'
          ? `news: contract ${contract} holds, although ${thread} says that it does not: ${found.reason}`
          : `contract ${contract} is neither broken nor kept: ${found?.reason ?? 'no rule judged it'}\n${describeVerdict(verdict)}`,
    };
  },
});

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    toHold(): R;
    toBeCaughtBy(rule: string, how?: HowCaught): R;
    toBreakAsKnown(contract: string, thread: string): R;
  }
}

export { expect };
