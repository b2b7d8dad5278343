import { readDurations, rememberDuration } from '#harness/run/durations.ts';

/** The time that a phase has taken so far, beside the time that it took when it was done here before. */
export class PhaseClock {
  readonly #key: string;
  readonly #began = performance.now();
  /** What it took the last time, in seconds; undefined when it was never done here. */
  readonly expected_s: number | undefined;

  constructor(key: string) {
    this.#key = key;
    this.expected_s = readDurations()[key];
  }

  get elapsed_s(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Remembers the time taken as the one to expect: only for a phase that was done to its end. */
  done(): void {
    rememberDuration(this.#key, this.elapsed_s);
  }
}
