/** Exit codes of every Mettle program; the last line printed says which one and why. */
export const EXIT = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  /** The machine (or a tool, image or cluster on it) is not fit. */
  unfit: 3,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where in a file a mistake stands; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface MettleErrorOptions {
  /** What the reader can do next, as a sentence or a command. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * An error made for a reader: the message names the object and the cause, `next` says what to do.
 * Each subclass fixes the exit code.
 */
export abstract class MettleError extends Error {
  abstract readonly exit_code: ExitCode;
  readonly next: string | undefined;

  constructor(message: string, options: MettleErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.next = options.next;
  }
}

/** A flag, configuration, scenario name, manifest or document that cannot be used. Exit code 64. */
export class UsageError extends MettleError {
  readonly exit_code = EXIT.usage;
  readonly position: Position | undefined;

  constructor(message: string, options: MettleErrorOptions & { readonly position?: Position } = {}) {
    const { position } = options;
    super(position ? `${position.file}:${position.line}:${position.column}: ${message}` : message, options);
    this.position = position;
  }
}

/** The machine lacks something: Docker, disk, a port, an image. Exit code 3. */
export class UnfitError extends MettleError {
  readonly exit_code = EXIT.unfit;
}

/** An action was refused because the cluster is not one that Mettle made or that a person adopted. Exit code 3. */
export class RefusedError extends MettleError {
  readonly exit_code = EXIT.unfit;
}

/** Something that was awaited did not come before its deadline. Exit code 2: nothing was proven either way. */
export class DeadlineError extends MettleError {
  readonly exit_code = EXIT.inconclusive;

  /**
   * @param awaited what was awaited, for example `Deployment shop/shop to be ready`
   * @param deadline_s the budget that ran out, in seconds
   * @param last_seen the last value seen, as the reader should see it
   */
  constructor(awaited: string, deadline_s: number, last_seen: string, options: MettleErrorOptions = {}) {
    super(`waited ${deadline_s} s for ${awaited}; last seen: ${last_seen}`, options);
  }
}

/** Something that Mettle made could not be removed. Exit code 3: the machine is not as it was. */
export class CleanupError extends MettleError {
  readonly exit_code = EXIT.unfit;
}

/** The person asked to stop. Exit code 130. */
export class InterruptedError extends MettleError {
  readonly exit_code = EXIT.interrupted;
}

/** The text of anything thrown, for a log line or a reason. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
