import { existsSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { EXIT, UsageError } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle report`: renders the reports of a recorded run again. */
export function reportCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('report')
    .description(
      'render the reports of a recorded run again, from its timeline alone; or the table of contracts and the times to roll back and to recover of all runs below a folder',
    )
    .argument('<run>', 'folder of the run, or a folder with runs below it')
    .option('--out <folder>', 'where the tables of several runs are written; the folder itself when absent')
    .addHelpText(
      'after',
      `
Examples:
  mettle report reports/out/rollback/flagger-error-rate/latest
  mettle report reports/out/rollback/flagger-error-rate        times over its repetitions
  mettle report reports/out/recovery/rebuild                   smallest, median and largest time of each step
  mettle report reports/out                                    every contract`,
    )
    .action(async (run, { out = run }) => {
      const { isRunFolder, runFolders, writeContracts } = await import('#reports/contracts/write.ts');
      if (!existsSync(run))
        throw new UsageError(`no run folder ${run}`, { next: '`mettle run` makes them below reports/out.' });
      if (!(await isRunFolder(run))) {
        const folders = await runFolders(run);
        const tables = await writeContracts(folders, out);
        if (!tables) throw new UsageError(`there is no run of a rollout or a recovery below ${run}`);
        for (const why of tables.unread) context.out(`left out: ${why}\n`);
        for (const file of tables.files) context.out(`${file}\n`);
        done({ exit_code: EXIT.pass, why: `tables of ${tables.document.runs} runs written` });
        return;
      }
      const { writeReports } = await import('#reports/write.ts');
      const written = await writeReports(run);
      for (const file of written) context.out(`${file}\n`);
      done({ exit_code: EXIT.pass, why: `${written.length} reports written` });
    });
}
