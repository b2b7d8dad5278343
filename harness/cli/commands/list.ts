import { readFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import { findScenarios, promisesOf } from '#harness/run/catalogue.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle list`: the scenarios of this checkout. */
export function listCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('list')
    .description('list the scenarios and the promise that each one states')
    .option('--json', 'print only JSON on standard output')
    .addHelpText('after', '\nExample:\n  mettle list --json')
    .action(async ({ json }) => {
      const scenarios = await Promise.all(
        (await findScenarios()).map(async ({ name, file }) => ({
          name,
          promises: promisesOf(await readFile(file, 'utf8')),
        })),
      );
      if (json) {
        context.out(`${JSON.stringify(scenarios, null, 2)}\n`);
      } else {
        for (const { name, promises } of scenarios) {
          context.out(`${name}\n${promises.map((promise) => `    ${promise}\n`).join('')}`);
        }
      }
      done({ exit_code: EXIT.pass, why: `${scenarios.length} scenarios` });
    });
}
