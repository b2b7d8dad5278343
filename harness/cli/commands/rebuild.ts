import { Command } from '@commander-js/extra-typings';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { jsonOption } from '../options.ts';

/** `mettle rebuild --plan`: what a cluster would be rebuilt from if it were lost now. */
export function rebuildCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('rebuild')
    .description(
      'say what a cluster would be rebuilt from if it were lost now, and how long that should take',
    )
    .argument('[cluster]', 'its name, with or without `mettle-`; the only one that keeps backups when absent')
    .option('--plan', 'print the plan and touch nothing')
    .option('--revision <commit>', 'commit or branch of its repository; the newest commit when absent')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  mettle rebuild --plan
  mettle rebuild dr-3f2a --plan --revision 1a2b3c4 --json
  mettle run recovery/rebuild                     loses a cluster of its own, rebuilds it and judges the result`,
    )
    .action(async (cluster, { plan, revision, json }) => {
      if (!plan) {
        throw new UsageError('mettle rebuild prints a plan; it rebuilds nothing itself', {
          next: '`mettle rebuild --plan`; the scenarios of recovery rebuild: mettle run recovery/rebuild',
        });
      }
      const { planRebuild, SERVER } = await import('#harness/run/recovery/plan.ts');
      const found = await planRebuild({ cluster, revision, wanted: SERVER });
      if (json) {
        context.out(`${JSON.stringify(found, null, 2)}\n`);
      } else {
        const { planText } = await import('../rebuild-plan-text.ts');
        context.out(planText(found, Date.now()));
      }
      const expected = found.expected_s === undefined ? '' : `, about ${found.expected_s.toFixed(0)} s`;
      done({
        exit_code: EXIT.pass,
        why: `${found.cluster.name} would be rebuilt from ${found.repository.revision.slice(0, 12)} and backup ${found.database.chosen}${expected}; nothing was touched`,
      });
    });
}
