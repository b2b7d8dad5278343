import type { SideBySide, SidePhase } from '#harness/run/phases.ts';
import type { Progress } from '#harness/core/progress.ts';
import { PhaseClock } from './phase-clock.ts';

/** Seconds of silence after which a heartbeat line is printed. */
const HEARTBEAT_S = 30;

/** Plain lines for logs: one when a phase starts, one per step, one when it ends, and a heartbeat in long silences. */
export class PlainPhases implements SideBySide {
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
    return await this.#perform({ title, key, act }, (line) => `  ${line}`);
  }

  /** Phases side by side tell their lines apart by their titles. */
  async sideBySide<Result>(
    works: readonly SidePhase<Result>[],
  ): Promise<readonly PromiseSettledResult<Result>[]> {
    const several = works.length > 1;
    return await Promise.allSettled(
      works.map(async (work) => {
        using _turn = await work.turn();
        return await this.#perform(work, (line) => (several ? `  ${work.title} | ${line}` : `  ${line}`));
      }),
    );
  }

  async #perform<Result>(
    { title, key, act }: Pick<SidePhase<Result>, 'title' | 'key' | 'act'>,
    worded: (line: string) => string,
  ): Promise<Result> {
    const clock = new PhaseClock(key);
    const { expected_s } = clock;
    let last = 'just started';
    let silentSince = performance.now();
    this.say(`${title}${expected_s === undefined ? '' : ` (about ${expected_s.toFixed(0)} s last time)`}`);
    const heartbeat = setInterval(() => {
      if (performance.now() - silentSince < HEARTBEAT_S * 1000) return;
      silentSince = performance.now();
      this.say(`  ${title}: still at it after ${clock.elapsed_s.toFixed(0)} s; last: ${last}`);
    }, 1000);
    try {
      const result = await act((line) => {
        last = line;
        silentSince = performance.now();
        this.say(worded(line));
      });
      clock.done();
      this.say(`✔ ${title} in ${clock.elapsed_s.toFixed(1)} s`);
      return result;
    } catch (error) {
      this.say(`✖ ${title} after ${clock.elapsed_s.toFixed(1)} s; last: ${last}`);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }
}
