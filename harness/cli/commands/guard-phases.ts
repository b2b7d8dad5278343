import type { Progress } from '#harness/core/progress.ts';
import type { Phases } from '#harness/run/phases.ts';

/** A run that is over sooner says nothing on its way. */
const QUIET_MS = 2000;
/** Between two lines, in ms. */
const TELL_MS = 1000;

/** One line at most each second, and none in the first two: what is under way, and for how long. */
export class QuietPhases implements Phases, Disposable {
  readonly #write: (text: string) => void;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #doing = '';
  #told = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
    this.#timer = setInterval(() => this.#tell(), TELL_MS);
    // A run that is over must not wait for it.
    this.#timer.unref();
  }

  say(line: string): void {
    this.#write(`${line}\n`);
  }

  async phase<Result>(
    title: string,
    _key: string,
    act: (progress: Progress) => Promise<Result>,
  ): Promise<Result> {
    this.#doing = title;
    return await act((line) => {
      this.#doing = `${title}: ${line}`;
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const elapsed_ms = performance.now() - this.#began;
    if (elapsed_ms < QUIET_MS || this.#doing === this.#told) return;
    this.#told = this.#doing;
    this.#write(`[${(elapsed_ms / 1000).toFixed(0).padStart(4)} s] ${this.#doing}\n`);
  }
}
