import type { Phases } from '#harness/run/phases.ts';
import type { Progress } from '#harness/core/progress.ts';
import { readDurations, rememberDuration } from '#harness/run/durations.ts';

/** Seconds of silence after which a heartbeat line is printed. */
const HEARTBEAT_S = 30;

/** Plain lines for logs: one when a phase starts, one per step, one when it ends, and a heartbeat in long silences. */
export class PlainPhases implements Phases {
  readonly #write: (text: string) => void;
  readonly #started = performance.now();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(line: string): void {
    const elapsed_s = (performance.now() - this.#started) / 1000;
    for (const one of line.split('\n')) this.#write(`[${elapsed_s.toFixed(1).padStart(7)} s] ${one}\n`);
  }

  async phase<Result>(
    title: string,
    key: string,
    act: (progress: Progress) => Promise<Result>,
  ): Promise<Result> {
    const expected_s = readDurations()[key];
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    let last = 'just started';
    let silentSince = performance.now();
    this.say(`${title}${expected_s === undefined ? '' : ` (about ${expected_s.toFixed(0)} s last time)`}`);
    const heartbeat = setInterval(() => {
      if (performance.now() - silentSince < HEARTBEAT_S * 1000) return;
      silentSince = performance.now();
      this.say(`  ${title}: still at it after ${elapsed().toFixed(0)} s; last: ${last}`);
    }, 1000);
    try {
      const result = await act((line) => {
        last = line;
        silentSince = performance.now();
        this.say(`  ${line}`);
      });
      rememberDuration(key, elapsed());
      this.say(`✔ ${title} in ${elapsed().toFixed(1)} s`);
      return result;
    } catch (error) {
      this.say(`✖ ${title} after ${elapsed().toFixed(1)} s; last: ${last}`);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }
}
