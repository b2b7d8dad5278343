import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle report`: renders the reports of a recorded run again. */
export function reportCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('report')
    .description('render the reports of a recorded run again, from its timeline alone')
    .argument('<run>', 'folder of the run')
    .addHelpText('after', '\nExample:\n  mettle report reports/out/rollback/flagger-error-rate/latest')
    .action(async (run) => {
      const { writeReports } = await import('#reports/write.ts');
      const written = await writeReports(run);
      for (const file of written) context.out(`${file}\n`);
      done({ exit_code: EXIT.pass, why: `${written.length} reports written` });
    });
}
