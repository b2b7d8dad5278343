/** A program of commands, from its arguments to its exit code: `mettle`, and its parts that run elsewhere. */
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { CleanupError, EXIT, InterruptedError, UsageError } from '#harness/core/errors.ts';
import { type CliContext, makeContext } from './context.ts';
import { type CommandEnd, endOfError, lastLine } from './exit.ts';

/** A command that tells `done` how it ended. */
type MakeCommand = (context: CliContext, done: (end: CommandEnd) => void) => CommandUnknownOpts;

/** What a program offers. */
interface Program {
  readonly description: string;
  /** After its help: examples and exit codes. */
  readonly epilogue: string;
  readonly commands: readonly MakeCommand[];
}

async function run(
  { description, epilogue, commands }: Program,
  argv: readonly string[],
): Promise<CommandEnd> {
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
    .description(description)
    .addHelpText('after', epilogue)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError();
  for (const make of commands) {
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
function inheritStrictness(command: CommandUnknownOpts): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  for (const sub of command.commands) inheritStrictness(sub);
}

/** Runs the program of this process: the last line says how it ended and why, and so does its exit code. */
export async function runProgram(program: Program): Promise<void> {
  let end: CommandEnd;
  try {
    end = await run(program, process.argv.slice(2));
  } catch (error) {
    const failed = endOfError(error);
    process.stderr.write(failed.text);
    end = failed.end;
  }
  const isHelp = end.exit_code === EXIT.pass && end.why === 'help was shown';
  if (!isHelp) process.stderr.write(lastLine(end));
  process.exitCode = end.exit_code;
}
