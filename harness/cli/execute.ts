import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { OwnCluster } from '#harness/cluster/create.ts';
import { CleanupError, messageOf } from '#harness/core/errors.ts';
import { type Verdict, worst } from '#harness/core/verdict.ts';
import { sweep } from '#harness/faults/sweep.ts';
import { ROOT } from '#harness/run/catalogue.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import { runScenarios, type ScenarioResult } from '#harness/run/vitest-runner.ts';
import { renderTable } from '#reports/terminal/table.ts';
import { writeReports } from '#reports/write.ts';
import type { CliContext } from './context.ts';
import { type CommandEnd, exitOf } from './exit.ts';
import type { RunPlan } from './run-plan.ts';
import { summarise } from './summary.ts';

/** Prepares the machine and a cluster, runs the scenarios of the plan and writes their reports. */
export async function execute(
  plan: RunPlan,
  install: boolean,
  vitest_flags: readonly string[],
  context: CliContext,
): Promise<readonly ScenarioResult[]> {
  const { phases, signal } = context;
  await sweep({ progress: (line) => phases.say(line) });
  const artifacts = await prepareImages({
    install,
    images: plan.images,
    registry: plan.registry,
    phases,
    signal,
  });
  const cluster = await prepareCluster(artifacts, { phases, signal, keep: plan.keep === 'always' });
  const results: ScenarioResult[] = [];
  try {
    for (let round = 1; round <= plan.repeat; round += 1) {
      for (const file of plan.files) {
        signal.throwIfAborted();
        const title = plan.repeat === 1 ? file.name : `${file.name} (${round} of ${plan.repeat})`;
        const found = await phases.phase(title, file.name, (progress) =>
          runScenarios({
            files: [file],
            environment: {
              cluster: {
                name: cluster.name,
                uid: cluster.uid,
                api_server: cluster.api_server,
                kubeconfig: cluster.kubeconfig,
                ports: cluster.ports,
              },
              k6: artifacts.k6,
              images: artifacts.images,
              manifests: artifacts.manifests,
              versions: artifacts.versions,
              seed: plan.seed,
              out_dir: join(ROOT, 'reports', 'out'),
              keep: plan.keep,
            },
            progress,
            signal,
            vitest_flags,
          }),
        );
        for (const result of found) {
          await report(result, context);
          results.push(result);
        }
      }
    }
  } finally {
    const failed = results.length === 0 || results.some((result) => result.outcome !== 'pass');
    if (plan.keep === 'on-failure' && failed && !signal.aborted) {
      await cluster.keep();
      phases.say(
        `kept: KUBECONFIG=${cluster.kubeconfig}; remove it with: mettle cluster delete ${cluster.name}`,
      );
    }
    await phases.phase('Clean-up', 'clean-up', () => giveBack(cluster));
  }
  return results;
}

async function giveBack(cluster: OwnCluster): Promise<void> {
  try {
    await cluster[Symbol.asyncDispose]();
  } catch (error) {
    throw new CleanupError(`cluster ${cluster.name} could not be removed: ${messageOf(error)}`, {
      next: 'run `mettle cleanup`; the warden tries it too',
      cause: error,
    });
  }
}

/** Writes the reports of one result. A run that broke before its verdict has none; its errors are printed instead. */
async function report({ run_dir }: ScenarioResult, { phases }: CliContext): Promise<void> {
  if (run_dir === undefined) return;
  try {
    await writeReports(run_dir);
  } catch (error) {
    phases.say(`no report of ${run_dir}: ${messageOf(error)}`);
  }
}

async function verdictOf(run_dir: string): Promise<Verdict> {
  return JSON.parse(await readFile(join(run_dir, 'verdict.json'), 'utf8'));
}

/** Prints the results and says how the command ends. */
export async function conclude(
  results: readonly ScenarioResult[],
  json: boolean,
  context: CliContext,
): Promise<CommandEnd> {
  const outcome = worst(results.map((result) => result.outcome));
  if (json) {
    context.out(`${JSON.stringify({ outcome, scenarios: results }, null, 2)}\n`);
  } else {
    for (const result of results) await printResult(result, context);
  }
  const counts = (['pass', 'fail', 'inconclusive'] as const)
    .map((one) => ({ one, count: results.filter((result) => result.outcome === one).length }))
    .filter(({ count }) => count > 0)
    .map(({ one, count }) => `${count} ${one}`);
  const decisive = results.find((result) => result.outcome === outcome && outcome !== 'pass');
  const why =
    decisive?.run_dir === undefined ? decisive?.errors[0]?.split('\n')[0] : await summaryOf(decisive);
  return {
    exit_code: exitOf(outcome),
    why: results.length === 0 ? 'no scenario ran' : [counts.join(', '), why].filter(Boolean).join('; '),
  };
}

async function summaryOf(result: ScenarioResult): Promise<string> {
  if (result.seeded_defect !== undefined) return `seeded defect ${result.seeded_defect} went unnoticed`;
  try {
    return summarise(await verdictOf(result.run_dir ?? ''));
  } catch {
    // A run that broke before its verdict has its error instead.
    return result.errors[0]?.split('\n')[0] ?? 'no verdict';
  }
}

async function printResult(result: ScenarioResult, context: CliContext): Promise<void> {
  context.out(`\n${result.title}\n`);
  if (result.run_dir === undefined) {
    context.out(`${result.errors.join('\n')}\n`);
    return;
  }
  try {
    const verdict = await verdictOf(result.run_dir);
    context.out(renderTable(verdict, { colour: context.colour }));
  } catch {
    context.out(`${result.errors.join('\n')}\n`);
  }
  if (result.seeded_defect !== undefined) {
    const noticed = result.outcome === 'pass' ? 'noticed, as it must be' : 'NOT noticed';
    context.out(`seeded defect ${result.seeded_defect}: ${noticed}\n`);
  }
  context.out(`report: ${relative(process.cwd(), join(result.run_dir, 'report.html'))}\n`);
}
