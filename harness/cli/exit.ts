import { EXIT, type ExitCode, MettleError, messageOf } from '#harness/core/errors.ts';
import type { Outcome } from '#harness/core/verdict.ts';

/** What each exit code means, as the last line says it. */
export const EXIT_MEANING: Readonly<Record<ExitCode, string>> = {
  0: 'pass',
  1: 'fail',
  2: 'inconclusive',
  3: 'not fit',
  64: 'usage',
  130: 'interrupted',
};

/** The exit code of a verdict. */
export function exitOf(outcome: Outcome): ExitCode {
  return EXIT[outcome];
}

/** How a command ended: its exit code and one sentence that says why. */
export interface CommandEnd {
  readonly exit_code: ExitCode;
  readonly why: string;
}

/** The end that an error makes of a command, and the text for the reader. */
export function endOfError(error: unknown): { end: CommandEnd; text: string } {
  if (error instanceof MettleError) {
    const next = error.next === undefined ? '' : `\nnext: ${error.next}`;
    const [first = ''] = error.message.split('\n');
    return { end: { exit_code: error.exit_code, why: first }, text: `error: ${error.message}${next}\n` };
  }
  // An error that nobody foresaw is a defect of Mettle: nothing was proven, and its origin matters.
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    end: { exit_code: EXIT.inconclusive, why: `defect in Mettle: ${messageOf(error)}` },
    text: `error: unexpected: ${stack}\n`,
  };
}

/** The last line of every command. */
export function lastLine(end: CommandEnd): string {
  return `exit ${end.exit_code} (${EXIT_MEANING[end.exit_code]}): ${end.why}\n`;
}
