/** Times in which questions were open and no good answer came. */

/** From and to, in ms of the clock of whoever asks. */
export interface Span {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Shorter ones are what asking takes anyway. */
const SHORTEST_MS = 2;
/** Of a run that is worth looking at; beyond that the oldest are dropped. */
const KEPT_MAX = 10_000;

/**
 * The stalls of readers, or of writers. Time in which nothing was asked is none; an answer that is an error does not end
 * one. So a stall is at most as long as the question was open that was open longest.
 */
export class Stalls {
  readonly #ended: Span[] = [];
  #open = 0;
  #from_ms: number | undefined;

  asked(now_ms: number): void {
    this.#open += 1;
    this.#from_ms ??= now_ms;
  }

  answered(now_ms: number, is_good: boolean): void {
    this.#open -= 1;
    if (!is_good) return;
    if (this.#from_ms !== undefined && now_ms - this.#from_ms >= SHORTEST_MS) {
      this.#ended.push({ from_ms: this.#from_ms, to_ms: now_ms });
      if (this.#ended.length > KEPT_MAX) this.#ended.shift();
    }
    this.#from_ms = this.#open > 0 ? now_ms : undefined;
  }

  /** Those that ended after a time, and the one that is open now. */
  since(since_ms: number, now_ms: number): readonly Span[] {
    const ended = this.#ended.filter(({ to_ms }) => to_ms > since_ms);
    if (this.#from_ms === undefined || now_ms - this.#from_ms < SHORTEST_MS) return ended;
    return [...ended, { from_ms: this.#from_ms, to_ms: now_ms }];
  }
}
