/** When statements are due, and which: fixed by the rate and the weights alone, whatever the answers do. */

/**
 * Deals items by weight, evenly spread: an item of weight 1 among 4 comes in every fourth place, not four times in a row
 * after twelve others. Smooth weighted round-robin, as nginx deals requests to its upstream servers.
 */
export function dealer(weights: readonly number[]): () => number {
  const current = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let best = 0;
    for (const [index, weight] of weights.entries()) {
      const value = (current[index] ?? 0) + weight;
      current[index] = value;
      // Rounding must not decide between equals.
      if (value > (current[best] ?? 0) + 1e-9) best = index;
    }
    current[best] = (current[best] ?? 0) - total;
    return best;
  };
}

/** A clock in ms that only goes forward. */
export type Clock = () => number;

/** Calls back for each item at the time when it is due, or as soon after that as this thread runs. */
export class Pace implements Disposable {
  readonly #period_ms: number;
  readonly #due: (due_ms: number, now_ms: number) => void;
  readonly #clock: Clock;
  readonly #from_ms: number;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Begins at once. */
  constructor(rate_per_s: number, due: (due_ms: number, now_ms: number) => void, clock: Clock) {
    this.#period_ms = 1_000 / rate_per_s;
    this.#due = due;
    this.#clock = clock;
    this.#from_ms = clock();
    this.#tick();
  }

  /** Counted from the beginning each time, so that rounding does not add up. */
  #nextMs(): number {
    return this.#from_ms + this.#count * this.#period_ms;
  }

  #tick(): void {
    const now_ms = this.catchUp();
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#nextMs() - now_ms));
  }

  /** Calls back for all that is due by now, and tells what time that is. */
  catchUp(): number {
    const now_ms = this.#clock();
    for (let due_ms = this.#nextMs(); due_ms <= now_ms; due_ms = this.#nextMs()) {
      this.#count += 1;
      this.#due(due_ms, now_ms);
    }
    return now_ms;
  }

  /** Nothing more is due. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
