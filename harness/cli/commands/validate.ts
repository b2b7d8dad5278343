import { basename } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { CONFIG_FILE, configSchema } from '#harness/config/config.ts';
import { readDocument, readRelease } from '#harness/config/document.ts';
import { EXIT } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle validate`: checks files without touching anything. */
export function validateCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('validate')
    .description(`check configuration files (${CONFIG_FILE}) and release documents (any other YAML)`)
    .argument('<file...>', 'files to check')
    .addHelpText('after', '\nExample:\n  mettle validate mettle.yaml fixtures/releases/errors-50.yaml')
    .action(async (files) => {
      for (const file of files) {
        if (basename(file) === CONFIG_FILE) await readDocument(configSchema, file);
        else await readRelease(file);
        context.out(`${file}: valid\n`);
      }
      done({ exit_code: EXIT.pass, why: `${files.length} valid` });
    });
}
