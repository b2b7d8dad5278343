import { CleanupError, InterruptedError, messageOf, RefusedError, UsageError } from '#harness/core/errors.ts';
import type { MeasuredPart, MigrationFacts } from '#harness/core/guard/facts.ts';
import { redactText } from '#harness/core/redact.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Phases } from '../phases.ts';
import { within } from './deadline.ts';

/** How one part of the facts is measured. */
export interface Work<Result> {
  readonly part: MeasuredPart;
  readonly title: string;
  readonly deadline_s: number;
  readonly act: (options: { readonly signal: AbortSignal; readonly progress: Progress }) => Promise<Result>;
}

/** Bad input, what cannot be cleaned up and what the person stopped end the run; all else costs one part of the facts. */
function endsRun(error: unknown): boolean {
  return [UsageError, CleanupError, InterruptedError, RefusedError].some((kind) => error instanceof kind);
}

/** Measures the parts of one migration, each within its deadline, and notes why one is absent. */
export class Measuring {
  readonly #missing: Partial<Record<MeasuredPart, string>> = {};
  readonly #phases: Phases;
  readonly #signal: AbortSignal;

  constructor(phases: Phases, signal: AbortSignal) {
    this.#phases = phases;
    this.#signal = signal;
  }

  /** For the facts; nothing where no part is missing. */
  get missing(): Pick<MigrationFacts, 'not_measured'> {
    return Object.keys(this.#missing).length === 0 ? {} : { not_measured: { ...this.#missing } };
  }

  async part<Result>({ part, title, deadline_s, act }: Work<Result>): Promise<Result | undefined> {
    this.#signal.throwIfAborted();
    try {
      return await this.#phases.phase(title, `guard-${part}`, (progress) =>
        within({ awaited: title, deadline_s, signal: this.#signal, progress }, act),
      );
    } catch (error) {
      this.#signal.throwIfAborted();
      if (endsRun(error)) throw error;
      this.skip(part, redactText(messageOf(error)));
      return undefined;
    }
  }

  skip(part: MeasuredPart, why: string): void {
    this.#missing[part] = why;
  }
}
