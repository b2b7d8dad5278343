/** Sends what a release sends, at a steady rate, and counts what it meets. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Moment, ReleaseSide, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { type Carrier, Lane, PATIENCE_MS, type Work } from './lane.ts';
import { type Clock, dealer, Pace } from './pace.ts';
import { Stalls } from './stalls.ts';
import { type Counted, Stretch } from './stretch.ts';
import type { Stall } from './types.ts';

/** What is sent, and by how much of the whole. */
export interface Sent extends Counted {
  readonly weight: number;
}

export interface GeneratorOptions {
  readonly side: ReleaseSide;
  readonly rate_per_s: number;
  readonly sent: readonly Sent[];
  readonly carriers: { readonly readers: readonly Carrier[]; readonly writers: readonly Carrier[] };
}

const clock: Clock = () => performance.now();

/** Waits for something, but no longer than that. */
async function within(longest_ms: number, awaited: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  await Promise.race([
    awaited,
    delay(longest_ms, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
}

interface KindOfWork extends AsyncDisposable {
  readonly lane: Lane;
  readonly stalls: Stalls;
}

function kindOf(carriers: readonly Carrier[]): KindOfWork {
  const lane = new Lane(carriers, clock);
  return { lane, stalls: new Stalls(), [Symbol.asyncDispose]: () => lane[Symbol.asyncDispose]() };
}

/**
 * Items are due at fixed times, whether or not those before were answered (open model), and latency counts from when an item
 * was due: a stall is seen by all whom it concerns, not by as many as there are connections (coordinated omission: G. Tene,
 * "How NOT to Measure Latency"). Readers and writers have connections of their own, so that writers who are blocked do not
 * keep readers waiting for a connection: what a reader meets is what the server does to readers.
 */
export class Generator implements AsyncDisposable {
  readonly #options: GeneratorOptions;
  readonly #readers: KindOfWork;
  readonly #writers: KindOfWork;
  readonly #deal: () => number;
  readonly #pace: Pace;
  #stretch: Stretch;

  /** Begins at once. */
  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#readers = kindOf(options.carriers.readers);
    this.#writers = kindOf(options.carriers.writers);
    this.#deal = dealer(options.sent.map(({ weight }) => weight));
    this.#stretch = new Stretch(options.sent, clock());
    this.#pace = new Pace(options.rate_per_s, (due_ms, now_ms) => this.#due(due_ms, now_ms), clock);
  }

  #due(due_ms: number, now_ms: number): void {
    const item = this.#deal();
    const stretch = this.#stretch;
    const { lane, stalls } = this.#options.sent[item]?.reads_only === true ? this.#readers : this.#writers;
    stretch.due(now_ms - due_ms);
    stalls.asked(now_ms);
    const work: Work = {
      item,
      due_ms,
      begun: () => stretch.begun(item),
      done: (failure) => {
        const end_ms = clock();
        stalls.answered(end_ms, failure === undefined);
        stretch.answered(item, end_ms - due_ms, failure);
      },
    };
    lane.submit(work);
  }

  async cut(moment: Moment): Promise<WorkloadFacts> {
    this.#pace.catchUp();
    const ended = this.#stretch;
    const now_ms = clock();
    ended.end(now_ms);
    this.#stretch = new Stretch(this.#options.sent, now_ms);
    return await this.#told(ended, moment);
  }

  /** Comes when nothing waits for a connection any more, or when that takes longer than work is left waiting. */
  async settle(): Promise<void> {
    const caught_up = Promise.all([this.#readers.lane.caughtUp(), this.#writers.lane.caughtUp()]);
    await within(PATIENCE_MS, caught_up);
  }

  /** Comes when each item has been sent at least once in the stretch that is counted now, or after so long. */
  async cover(longest_ms: number): Promise<void> {
    await within(longest_ms, this.#stretch.covered);
  }

  async stop(moment: Moment): Promise<WorkloadFacts> {
    this.#pace.catchUp();
    this.#pace[Symbol.dispose]();
    this.#stretch.end(clock());
    return await this.#told(this.#stretch, moment);
  }

  async #told(stretch: Stretch, moment: Moment): Promise<WorkloadFacts> {
    await stretch.drained;
    const { side, rate_per_s } = this.#options;
    return stretch.facts({ side, moment, rate_per_s });
  }

  stalls(since: number): readonly Stall[] {
    const zero = performance.timeOrigin;
    const now_ms = this.#pace.catchUp();
    return [this.#readers, this.#writers].flatMap((kind) =>
      kind.stalls.since(since - zero, now_ms).map(({ from_ms, to_ms }) => ({
        reader: kind === this.#readers,
        from: zero + from_ms,
        to: zero + to_ms,
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pace[Symbol.dispose]();
    await Promise.all([this.#readers[Symbol.asyncDispose](), this.#writers[Symbol.asyncDispose]()]);
  }
}
