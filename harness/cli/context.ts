import { type Config, readConfig } from '#harness/config/config.ts';
import type { SideBySide } from '#harness/run/phases.ts';
import { LivePhases } from './phases-live.ts';
import { PlainPhases } from './phases-plain.ts';

/** What every command is given: where to print, how to stop. */
export interface CliContext {
  /** Results go here. With `--json` only JSON does. */
  readonly out: (text: string) => void;
  /** Progress, hints and errors go here. */
  readonly err: (text: string) => void;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly colour: boolean;
  readonly phases: SideBySide;
}

/** Reads the configuration of the current folder, or the named file. */
export function loadConfig(named: string | undefined): Promise<Config> {
  return readConfig(process.cwd(), named);
}

function err(text: string): void {
  process.stderr.write(text);
}

/** A reader that has seen enough (`| head`) closes the pipe; that is no reason to break off, least of all a clean-up. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** The context of a command that runs in this process. */
export function makeContext(signal: AbortSignal): CliContext {
  ignoreClosedPipes();
  const live = process.stderr.isTTY && process.env.CI === undefined;
  return {
    out: (text) => void process.stdout.write(text),
    err,
    signal,
    colour: process.stdout.isTTY && process.env.NO_COLOR === undefined,
    phases: live ? new LivePhases(process.stderr) : new PlainPhases(err),
  };
}
