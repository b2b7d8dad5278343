import { Command, Option } from '@commander-js/extra-typings';
import type { Config } from '#harness/config/config.ts';
import { EXIT } from '#harness/core/errors.ts';
import { chooseScenarios, findScenarios } from '#harness/run/catalogue.ts';
import { type CliContext, loadConfig } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { describePlan, type RunPlan } from '../run-plan.ts';
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
      // What a run needs is large; help and plans do without it.
      const { conclude, execute } = await import('../execute.ts');
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
