import { basename, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { CONFIG_FILE, configSchema } from '#harness/config/config.ts';
import { readDocument, readRelease } from '#harness/config/document.ts';
import { EXIT } from '#harness/core/errors.ts';
import { scenarioName } from '#harness/run/catalogue.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle validate`: checks files without touching anything. */
export function validateCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('validate')
    .description(
      `check configuration files (${CONFIG_FILE}), tops of scenarios (*.spec.ts) and release documents (any other YAML)`,
    )
    .argument('<file...>', 'files to check')
    .addHelpText(
      'after',
      '\nExamples:\n  mettle validate mettle.yaml fixtures/releases/errors-50.yaml\n  mettle validate scenarios/rollback/*.spec.ts',
    )
    .action(async (files) => {
      for (const file of files) {
        if (file.endsWith('.spec.ts')) await checkScenario(file);
        else if (basename(file) === CONFIG_FILE) await readDocument(configSchema, file);
        else await readRelease(file);
        context.out(`${file}: valid\n`);
      }
      done({ exit_code: EXIT.pass, why: `${files.length} valid` });
    });
}

/** @throws UsageError with the place of the first mistake at the top of a scenario file */
async function checkScenario(file: string): Promise<void> {
  const { readScenario } = await import('#harness/run/read-scenarios.ts');
  const { refuseUnlocked } = await import('#harness/run/select.ts');
  await refuseUnlocked([
    await readScenario({ name: scenarioName(resolve(file)), file: resolve(file) }, file),
  ]);
}
