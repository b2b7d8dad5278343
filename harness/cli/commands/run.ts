import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { sweep } from '#harness/faults/sweep.ts';
import type { Config, ImageMode, Keep } from '#harness/config/config.ts';
import { EXIT } from '#harness/core/errors.ts';
import { type Verdict, worst } from '#harness/core/verdict.ts';
import { chooseScenarios, findScenarios, ROOT, type ScenarioFile } from '#harness/run/catalogue.ts';
import { readDurations } from '#harness/run/durations.ts';
import { prepareCluster, prepareImages } from '#harness/run/prepare.ts';
import { runScenarios, type ScenarioResult } from '#harness/run/vitest-runner.ts';
import { renderTable } from '#reports/terminal/table.ts';
import { writeReports } from '#reports/write.ts';
import { type CliContext, loadConfig } from '../context.ts';
import { type CommandEnd, exitOf } from '../exit.ts';
import {
  configOption,
  imagesOption,
  installOption,
  jsonOption,
  keepOption,
  registryOption,
  wholeNumber,
} from '../options.ts';
import { summarise } from '../summary.ts';

interface RunPlan {
  readonly files: readonly ScenarioFile[];
  readonly images: ImageMode;
  readonly registry: string | undefined;
  readonly keep: Keep;
  readonly seed: number;
  readonly repeat: number;
}

const EXAMPLES = `
Examples:
  mettle run rollback/flagger-error-rate --install
  mettle run rollback --keep on-failure
  mettle run --images pull --registry mirror.example:5000
  mettle run rollback/flagger-seeded-defects -- -t "chat"      flags after -- go to vitest`;

/** `mettle run`: prepares the machine, runs scenarios, judges them and writes their reports. */
export function runCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('run')
    .description('run scenarios (all, or those named) on a cluster made for them')
    .argument('[scenario...]', 'names or folders of scenarios; `mettle list` shows them')
    .addOption(installOption())
    .addOption(imagesOption())
    .addOption(registryOption())
    .addOption(keepOption())
    .addOption(
      new Option('--seed <number>', 'seed of what is left to chance').argParser(wholeNumber(0, 0xffffffff)),
    )
    .addOption(
      new Option('--repeat <times>', 'run each scenario so often; all must pass').argParser(
        wholeNumber(1, 1000),
      ),
    )
    .option('--dry-run', 'print the plan and touch nothing')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (given, options) => {
      const { names, vitest_flags } = splitArguments(given, process.argv);
      const config: Config = await loadConfig(options.config);
      const plan: RunPlan = {
        files: chooseScenarios(await findScenarios(), names),
        images: options.images ?? config.images ?? 'auto',
        registry: options.registry ?? config.registry,
        keep: options.keep ?? config.keep ?? 'never',
        seed: options.seed ?? config.seed ?? 1,
        repeat: options.repeat ?? 1,
      };
      if (options.dryRun) {
        context.out(describePlan(plan));
        done({ exit_code: EXIT.pass, why: 'the plan was printed, nothing was touched' });
        return;
      }
      const results = await execute(plan, options.install ?? false, vitest_flags, context);
      done(await conclude(results, options.json ?? false, context));
    });
}

/** Names stand before `--`, flags for vitest after it. */
function splitArguments(
  given: readonly string[],
  raw: readonly string[],
): { names: readonly string[]; vitest_flags: readonly string[] } {
  const mark = raw.indexOf('--');
  const vitest_flags = mark === -1 ? [] : raw.slice(mark + 1);
  return { names: given.slice(0, given.length - vitest_flags.length), vitest_flags };
}

function describePlan(plan: RunPlan): string {
  const durations = readDurations();
  const phases = ['machine', 'images', 'cluster', 'stack', ...plan.files.map((one) => one.name)];
  const known = phases.map((phase) => durations[phase]).filter((seconds) => seconds !== undefined);
  const total_s = known.reduce((sum, seconds) => sum + seconds, 0) * plan.repeat;
  const lines = [
    `images: ${plan.images}${plan.registry === undefined ? '' : ` from ${plan.registry}`}; keep: ${plan.keep}; seed: ${plan.seed}; repeat: ${plan.repeat}`,
    ...phases.map((phase) => {
      const seconds = durations[phase];
      return `  ${phase}${seconds === undefined ? ' (not run here before)' : `, about ${seconds.toFixed(0)} s`}`;
    }),
    `about ${Math.ceil(total_s / 60)} minutes, as far as known`,
  ];
  return `${lines.join('\n')}\n`;
}

async function execute(
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
          if (result.run_dir !== undefined) await writeReports(result.run_dir);
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
    await phases.phase('Clean-up', 'clean-up', async () => {
      await cluster[Symbol.asyncDispose]();
    });
  }
  return results;
}

async function verdictOf(run_dir: string): Promise<Verdict> {
  return JSON.parse(await readFile(join(run_dir, 'verdict.json'), 'utf8'));
}

async function conclude(
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
