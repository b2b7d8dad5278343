/** A fixed number of connections that share the work of one kind. */

import type { Clock } from './pace.ts';
import type { Failure } from './stretch.ts';

/** Something of a release that is to be sent once. */
export interface Work {
  /** Place in its release. */
  readonly item: number;
  readonly due_ms: number;
  /** Called when a connection takes it. */
  readonly begun: () => void;
  /** Called once, with what stood against a good answer. */
  readonly done: (failure: Failure | undefined) => void;
}

/** Carries one thing at a time. */
export interface Carrier extends AsyncDisposable {
  /** Never rejects. */
  carry(work: Work): Promise<void>;
}

/** As the pools of frameworks: HikariCP and SQLAlchemy wait 30 s for a connection, Rails 5 s. */
export const PATIENCE_MS = 10_000;
const GIVEN_UP: Failure = {
  code: 'no connection',
  message: `no connection became free within ${PATIENCE_MS / 1_000} s`,
};

/**
 * Work is begun as soon as a connection is free. Work that waited too long for one is given up, as the pool of an
 * application does; without that a lock that is held for minutes would fill the memory.
 */
export class Lane implements AsyncDisposable {
  readonly #carriers: readonly Carrier[];
  readonly #clock: Clock;
  readonly #free: Carrier[];
  #queue: Work[] = [];
  /** Place of the oldest that waits. */
  #head = 0;
  /** Comes when nothing waits any more; absent while nothing does. */
  #caught_up: PromiseWithResolvers<void> | undefined;

  constructor(carriers: readonly Carrier[], clock: Clock) {
    this.#carriers = carriers;
    this.#clock = clock;
    this.#free = [...carriers];
  }

  submit(work: Work): void {
    const carrier = this.#free.pop();
    if (carrier) {
      void this.#carry(carrier, work);
      return;
    }
    this.#queue.push(work);
    this.#giveUp();
    this.#compact();
  }

  #giveUp(): void {
    const now_ms = this.#clock();
    for (let oldest = this.#queue[this.#head]; oldest; oldest = this.#queue[this.#head]) {
      if (now_ms - oldest.due_ms <= PATIENCE_MS) return;
      this.#head += 1;
      oldest.done(GIVEN_UP);
    }
  }

  async #carry(carrier: Carrier, first: Work): Promise<void> {
    for (let work: Work | undefined = first; work !== undefined; work = this.#next()) {
      work.begun();
      await carrier.carry(work);
    }
    this.#free.push(carrier);
  }

  /** Comes when no work waits for a connection: at once where none does. */
  async caughtUp(): Promise<void> {
    if (this.#queue[this.#head] === undefined) return;
    this.#caught_up ??= Promise.withResolvers();
    await this.#caught_up.promise;
  }

  #next(): Work | undefined {
    // Nothing may have become due since.
    this.#giveUp();
    const oldest = this.#queue[this.#head];
    if (oldest === undefined) {
      this.#caught_up?.resolve();
      this.#caught_up = undefined;
      this.#compact();
      return undefined;
    }
    this.#head += 1;
    this.#compact();
    return oldest;
  }

  /** Taking from the front of a long array one by one would move all the rest each time. */
  #compact(): void {
    if (this.#head < 1_024 && this.#head < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#queue = [];
    this.#head = 0;
    await Promise.all(this.#carriers.map((carrier) => carrier[Symbol.asyncDispose]()));
  }
}
