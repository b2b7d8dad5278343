import { availableParallelism } from 'node:os';
import { Command, Option } from '@commander-js/extra-typings';
import type { Config } from '#harness/config/config.ts';
import { EXIT } from '#harness/core/errors.ts';
import { PROFILES } from '#harness/load/profiles.ts';
import { type CliContext, loadConfig } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import type { RunPlan } from '../run-plan.ts';
import {
  configOption,
  imagesOption,
  installOption,
  jsonOption,
  keepOption,
  registryOption,
  wholeNumber,
} from '../options.ts';

const EXAMPLES = `
Examples:
  mettle run rollback/flagger-error-rate --install
  mettle run rollback --keep on-failure
  mettle run --tags nightly                                    the long ones
  mettle run stack/split-contour --cluster mettle-play         on a cluster that exists
  mettle run --images pull --registry mirror.example:5000
  mettle run rollback/flagger-seeded-defects -- -t "chat"      flags after -- go to vitest

At the top of a scenario file stands what it needs:
  // Goal: users meet a bad release only as long as its specification allows.
  // Method: 300 requests a second throughout; ship the release; judge the recorded timeline.
  // Needs: flagger, postgres                                  components and profiles
  // Isolation: namespace 0.8 cpu                              side by side with others; or exclusive, or cluster
  // Tags: nightly                                             if any
  // Versions: flagger 1.43.0                                  if not the first of the lock
  // Nodes: 2                                                  if more than one; workers run the shop alone`;

/** `mettle run`: prepares the machine, runs scenarios, judges them and writes their reports. */
export function runCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('run')
    .description('run scenarios (all but nightly ones, or those named) on clusters made for them')
    .argument('[scenario...]', 'names or folders of scenarios; `mettle list` shows them')
    .addOption(installOption())
    .addOption(imagesOption())
    .addOption(registryOption())
    .addOption(keepOption())
    .option('--tags <tags>', 'only scenarios with these tags, for example nightly, !slow or nightly,!slow')
    .option('--cluster <name>', 'run on this cluster, which exists, and leave it as it was')
    .addOption(
      new Option('--seed <number>', 'seed of what is left to chance').argParser(wholeNumber(0, 0xffffffff)),
    )
    .addOption(
      new Option('--repeat <times>', 'run each scenario so often; all must pass').argParser(
        wholeNumber(1, 1000),
      ),
    )
    .addOption(
      new Option(
        '--again-if-starved <times>',
        'run a scenario again, at most so often, when this machine kept the load generator waiting and nothing else was found; a failure is never run again (default: 0)',
      ).argParser(wholeNumber(0, 10)),
    )
    .addOption(
      new Option(
        '--cores <number>',
        'cores that scenarios side by side may count on, where others use the machine too; with 1 they run one after the other (default: all)',
      ).argParser(wholeNumber(1, 1024)),
    )
    .addOption(
      new Option(
        '--load <profile>',
        'load of every rollout in place of what its scenario asks for; verdicts at other loads are other verdicts',
      ).choices(PROFILES.map(({ name }) => name)),
    )
    .option('--dry-run', 'print the plan and touch nothing')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (given, options) => {
      const { names, vitest_flags } = splitArguments(given, process.argv);
      const config: Config = await loadConfig(options.config);
      // What a run needs is large; help does without it.
      const { selectScenarios } = await import('#harness/run/select.ts');
      const { describePlan, planScenarios } = await import('../run-plan.ts');
      const { scenarios, left_out } = await selectScenarios({ names, tags: options.tags });
      const plan: RunPlan = {
        clusters: planScenarios(scenarios),
        left_out,
        cluster: options.cluster,
        images: options.images ?? config.images ?? 'auto',
        registry: options.registry ?? config.registry,
        keep: options.keep ?? config.keep ?? 'never',
        seed: options.seed ?? config.seed ?? 1,
        repeat: options.repeat ?? 1,
        again_if_starved: options.againIfStarved ?? 0,
        cores: options.cores ?? availableParallelism(),
        load: options.load,
      };
      if (options.dryRun) {
        context.out(await describePlan(plan));
        done({ exit_code: EXIT.pass, why: 'the plan was printed, nothing was touched' });
        return;
      }
      const { execute } = await import('../execute.ts');
      const { conclude } = await import('../conclude.ts');
      const results = await execute(plan, { install: options.install ?? false, vitest_flags }, context);
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
