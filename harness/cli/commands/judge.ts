import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { parseTimeline } from '#harness/core/timeline-text.ts';
import { judgeRun } from '#harness/judge/judge-run.ts';
import { renderTable } from '#reports/terminal/table.ts';
import type { CliContext } from '../context.ts';
import { type CommandEnd, exitOf } from '../exit.ts';
import { jsonOption } from '../options.ts';
import { summarise } from '../summary.ts';

/** `mettle judge`: applies today's rules to a recorded run. */
export function judgeCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('judge')
    .description("apply today's rules to the timeline of a recorded run")
    .argument('<run>', 'folder of the run, for example reports/out/rollback/flagger-error-rate/latest')
    .option('--write', 'replace the verdict of the run by the new one')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  mettle judge reports/out/rollback/flagger-error-rate/latest')
    .action(async (run, { json, write }) => {
      const file = join(run, 'timeline.jsonl');
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, {
          next: 'name the folder of a run; they lie below reports/out',
          cause: error,
        });
      }
      const verdict = judgeRun(parseTimeline(text, file));
      if (write) {
        const path = join(run, 'verdict.json');
        const before: unknown = JSON.parse(await readFile(path, 'utf8'));
        const meta = typeof before === 'object' && before !== null ? before : {};
        await writeFile(path, `${JSON.stringify({ ...meta, ...verdict }, null, 2)}\n`);
      }
      context.out(
        json ? `${JSON.stringify(verdict, null, 2)}\n` : renderTable(verdict, { colour: context.colour }),
      );
      done({ exit_code: exitOf(verdict.outcome), why: summarise(verdict) });
    });
}
