import { Command } from '@commander-js/extra-typings';
import { EXIT } from '#harness/core/errors.ts';
import type { CliContext } from '../context.ts';
import type { CommandEnd } from '../exit.ts';

/** `mettle cleanup`: removes what dead runs left. */
export function cleanupCommand(context: CliContext, done: (end: CommandEnd) => void) {
  return new Command('cleanup')
    .description(
      'heal faults and remove what runs that died have left; clusters of living runs and kept ones stay',
    )
    .option('--all', 'remove kept clusters too')
    .addHelpText('after', '\nExamples:\n  mettle cleanup\n  mettle cleanup --all')
    .action(async ({ all }) => {
      const { sweep } = await import('#harness/faults/sweep.ts');
      const swept = await context.phases.phase('Clean-up', 'cleanup', (progress) =>
        sweep({ progress, all: all ?? false }),
      );
      for (const { subject, outcome, reason } of swept) context.out(`${subject}: ${outcome} (${reason})\n`);
      const count = (wanted: string): number => swept.filter(({ outcome }) => outcome === wanted).length;
      const [removed, healed, failed] = [count('removed'), count('healed'), count('failed')];
      const settled = [
        ...(removed > 0 ? [`${removed} removed`] : []),
        ...(healed > 0 ? [`${healed} faults healed`] : []),
      ];
      done(
        failed === 0
          ? {
              exit_code: EXIT.pass,
              why: settled.length === 0 ? 'there was nothing to remove' : settled.join(', '),
            }
          : { exit_code: EXIT.unfit, why: `${failed} could not be removed or healed` },
      );
    });
}
