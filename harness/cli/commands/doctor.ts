import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';
import { jsonOption } from '../options.ts';

/** `mettle doctor`: is this machine fit? */
export function doctorCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('doctor')
    .description('check whether this machine is fit, and say how to mend what is not')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  mettle doctor --json')
    .action(async ({ json }) => {
      const { doctor } = await import('#harness/machine/doctor.ts');
      const checks = await doctor();
      const bad = checks.filter((check) => !check.ok);
      if (json) {
        context.out(`${JSON.stringify(checks, null, 2)}\n`);
      } else {
        for (const check of checks) {
          const sign = check.ok ? '✔' : '✖';
          context.out(
            `${sign} ${check.id.padEnd(20)} ${check.found}${check.ok ? '' : ` (needed: ${check.needed})`}\n`,
          );
          if (!check.ok) context.out(`  ${''.padEnd(20)} fix: ${check.fix}\n`);
        }
      }
      done(
        bad.length === 0
          ? { exit_code: EXIT.pass, why: `this machine is fit (${checks.length} checks)` }
          : { exit_code: EXIT.unfit, why: `not fit: ${bad.map((check) => check.id).join(', ')}` },
      );
    });
}
