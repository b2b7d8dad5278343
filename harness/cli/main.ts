import { Command, CommanderError } from '@commander-js/extra-typings';
import { CleanupError, EXIT, InterruptedError, UsageError } from '#harness/core/errors.ts';
import { cleanupCommand } from './commands/cleanup.ts';
import { clusterCommand } from './commands/cluster.ts';
import { doctorCommand } from './commands/doctor.ts';
import { faultCommand } from './commands/fault.ts';
import { guardCommand } from './commands/guard.ts';
import { imagesCommand } from './commands/images.ts';
import { judgeCommand } from './commands/judge.ts';
import { listCommand } from './commands/list.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { validateCommand } from './commands/validate.ts';
import { makeContext } from './context.ts';
import { type CommandEnd, endOfError, lastLine } from './exit.ts';

const EPILOGUE = `
Examples:
  mettle doctor                                           is this machine fit?
  mettle run rollback/flagger-error-rate --install        one scenario, from nothing to a verdict
  mettle run                                              all scenarios
  mettle run rollback --keep on-failure                   keep the cluster of a failed run
  mettle rebuild --plan                                   what a cluster would be rebuilt from if it were lost now
  mettle guard up.sql --data dump.sql                     what a migration does, before it is run for good
  mettle fault list                                       what can be broken, for how long and how far
  mettle judge reports/out/rollback/flagger-error-rate/latest

Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 machine not fit, 64 usage, 130 interrupted.`;

async function main(argv: readonly string[]): Promise<CommandEnd> {
  const stop = new AbortController();
  let interrupts = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    interrupts += 1;
    if (interrupts > 1) {
      process.stderr.write('stopping at once; the warden removes what is left, or run `mettle cleanup`\n');
      process.exit(EXIT.interrupted);
    }
    process.stderr.write(`\n${name}: cleaning up (again to stop at once)\n`);
    stop.abort(new InterruptedError(`stopped by ${name}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  const context = makeContext(stop.signal);
  let end: CommandEnd | undefined;
  const done = (one: CommandEnd): void => {
    end = one;
  };
  const program = new Command('mettle')
    .description('Proves on a real cluster, under real load, that rollouts roll back as specified.')
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError();
  for (const make of [
    runCommand,
    listCommand,
    doctorCommand,
    validateCommand,
    judgeCommand,
    reportCommand,
    guardCommand,
    rebuildCommand,
    clusterCommand,
    imagesCommand,
    faultCommand,
    cleanupCommand,
  ]) {
    const command = make(context, done);
    inheritStrictness(command);
    program.addCommand(command);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return { exit_code: EXIT.pass, why: 'help was shown' };
      throw new UsageError(error.message.replace(/^error: /, ''), {
        next: '`mettle --help` shows how it is used',
      });
    }
    if (stop.signal.aborted && !(error instanceof CleanupError)) {
      throw new InterruptedError('stopped by the user; everything was cleaned up', { cause: error });
    }
    throw error;
  }
  if (stop.signal.aborted) throw new InterruptedError('stopped by the user; everything was cleaned up');
  return end ?? { exit_code: EXIT.pass, why: 'done' };
}

/** Errors of a command's own arguments end up in `main` too, not in `process.exit`. */
function inheritStrictness(command: {
  exitOverride(): unknown;
  configureOutput(output: object): unknown;
  commands: readonly object[];
}): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  for (const sub of command.commands) {
    if (sub instanceof Command) inheritStrictness(sub);
  }
}

const argv = process.argv.slice(2);
let end: CommandEnd;
try {
  end = await main(argv);
} catch (error) {
  const failed = endOfError(error);
  process.stderr.write(failed.text);
  end = failed.end;
}
const isHelp = end.exit_code === EXIT.pass && end.why === 'help was shown';
if (!isHelp) process.stderr.write(lastLine(end));
process.exitCode = end.exit_code;
