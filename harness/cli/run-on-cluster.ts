import { messageOf } from '#harness/core/errors.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { CpuBudget } from '#harness/run/cpu-budget.ts';
import type { PreparedMachine } from '#harness/run/environment.ts';
import { type ClusterPlan, cpuBudget, cpuOf } from '#harness/run/lanes.ts';
import type { SidePhase } from '#harness/run/phases.ts';
import type { Scenario } from '#harness/run/read-scenarios.ts';
import { runScenarios, type ScenarioResult } from '#harness/run/vitest-runner.ts';
import { writeReports } from '#reports/write.ts';
import type { CliContext } from './context.ts';
import { againWhileStarved } from './again.ts';
import type { RunPlan } from './run-plan.ts';

export interface OnClusterRun {
  readonly environment: PreparedMachine;
  readonly plan: RunPlan;
  readonly vitest_flags: readonly string[];
  /** Results are added as they come, so that what was found survives what goes wrong later. */
  readonly results: ScenarioResult[];
}

/** Runs the scenarios of one cluster: first those side by side, then those alone. */
export async function runOnCluster(
  cluster: ClusterPlan,
  running: OnClusterRun,
  context: CliContext,
): Promise<void> {
  const { signal, phases } = context;
  // Here, not in a scenario's thread, which ends before the run does.
  await ensureWarden();
  const budget = new CpuBudget(cpuBudget(running.plan.cores));
  for (let round = 1; round <= running.plan.repeat; round += 1) {
    const of = (scenario: Scenario): string =>
      running.plan.repeat === 1 ? scenario.name : `${scenario.name} (${round} of ${running.plan.repeat})`;
    const works = cluster.side_by_side.map(
      (scenario): SidePhase<void> => ({
        title: of(scenario),
        key: scenario.name,
        turn: () => budget.claim(cpuOf(scenario), signal),
        act: (progress) => runOne(scenario, progress, running, context),
      }),
    );
    const ends = works.length === 0 ? [] : await phases.sideBySide(works);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    for (const scenario of cluster.alone) {
      signal.throwIfAborted();
      await phases.phase(of(scenario), scenario.name, (progress) =>
        runOne(scenario, progress, running, context),
      );
    }
  }
}

async function runOne(
  scenario: Scenario,
  progress: (line: string) => void,
  { environment, plan, vitest_flags, results }: OnClusterRun,
  context: CliContext,
): Promise<void> {
  const { signal } = context;
  const once = async (): Promise<readonly ScenarioResult[]> => {
    const found = await runScenarios({ files: [scenario], environment, progress, signal, vitest_flags });
    for (const result of found) await report(result, context);
    // A phase that was stopped did not come to its end.
    if (signal.aborted) results.push(...found);
    signal.throwIfAborted();
    return found;
  };
  for await (const result of againWhileStarved(once, plan.again_if_starved, progress)) results.push(result);
}

/** Writes the reports of one result. A run that broke before its verdict has none; its errors are printed instead. */
async function report({ run_dir, further_runs = [] }: ScenarioResult, { phases }: CliContext): Promise<void> {
  for (const folder of [...(run_dir === undefined ? [] : [run_dir]), ...further_runs]) {
    try {
      await writeReports(folder);
    } catch (error) {
      phases.say(`no report of ${folder}: ${messageOf(error)}`);
    }
  }
}
