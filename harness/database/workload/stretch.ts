/** Counts what a release meets in one stretch of a run. */
import { bucketOf, EMPTY_HISTOGRAM, quantileMs } from '#harness/core/histogram.ts';
import type { Moment, ReleaseSide, WorkloadFacts } from '#harness/core/guard/load-facts.ts';

/** Why an item got no good answer. */
export interface Failure {
  /** SQLSTATE, HTTP status, or a word of the client's where no server answered. */
  readonly code: string;
  readonly message: string;
  /** Of a deadlock: who waited for whom. */
  readonly detail?: string;
}

/** What is sent, as it is counted. */
export interface Counted {
  readonly name: string;
  readonly reads_only: boolean;
}

interface StatementCount {
  begun: number;
  failed: number;
  latency_max_ms: number;
}

/** One stretch: it is filled while items that were due in it are under way, and told once they are answered. */
export class Stretch {
  readonly #items: readonly Counted[];
  readonly #from_ms: number;
  readonly #counts: readonly StatementCount[];
  readonly #errors = new Map<string, Omit<Failure, 'code'> & { readonly count: number }>();
  readonly #buckets = [...EMPTY_HISTOGRAM.buckets];
  readonly #drained = Promise.withResolvers<void>();
  readonly #covered = Promise.withResolvers<void>();
  #unsent: number;
  #to_ms: number | undefined;
  #due = 0;
  #answered = 0;
  #late_max_ms = 0;
  #latency_max_ms = 0;

  constructor(items: readonly Counted[], from_ms: number) {
    this.#items = items;
    this.#from_ms = from_ms;
    this.#counts = items.map(() => ({ begun: 0, failed: 0, latency_max_ms: 0 }));
    this.#unsent = items.length;
    this.#cover();
  }

  /** @param late_ms how much later than due the generator came to it */
  due(late_ms: number): void {
    this.#due += 1;
    this.#late_max_ms = Math.max(this.#late_max_ms, late_ms);
  }

  begun(item: number): void {
    const count = this.#counts[item];
    if (!count) return;
    if (count.begun === 0) this.#unsent -= 1;
    count.begun += 1;
    this.#cover();
  }

  /** Comes once everything that there is to send has been sent at least once in it. */
  get covered(): Promise<void> {
    return this.#covered.promise;
  }

  #cover(): void {
    if (this.#unsent === 0) this.#covered.resolve();
  }

  /** @param latency_ms from when it was due, so that waiting for a connection counts */
  answered(item: number, latency_ms: number, failure: Failure | undefined): void {
    this.#answered += 1;
    const count = this.#counts[item];
    if (count) count.latency_max_ms = Math.max(count.latency_max_ms, latency_ms);
    this.#latency_max_ms = Math.max(this.#latency_max_ms, latency_ms);
    const bucket = bucketOf(latency_ms);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    if (failure) {
      if (count) count.failed += 1;
      const { code, ...first } = failure;
      const known = this.#errors.get(code) ?? { ...first, count: 0 };
      this.#errors.set(code, { ...known, count: known.count + 1 });
    }
    this.#settle();
  }

  /** Nothing more becomes due in it. */
  end(to_ms: number): void {
    this.#to_ms = to_ms;
    this.#settle();
  }

  /** Comes once it has ended and all that was due in it has been answered. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  #settle(): void {
    if (this.#to_ms !== undefined && this.#answered === this.#due) this.#drained.resolve();
  }

  facts(as: { side: ReleaseSide; moment: Moment; rate_per_s: number }): WorkloadFacts {
    const begun = this.#counts.reduce((sum, count) => sum + count.begun, 0);
    const failed = this.#counts.reduce((sum, count) => sum + count.failed, 0);
    const histogram = { count: this.#answered, max_ms: this.#latency_max_ms, buckets: this.#buckets };
    return {
      ...as,
      due: this.#due,
      begun,
      good: this.#answered - failed,
      failed,
      duration_s: ((this.#to_ms ?? this.#from_ms) - this.#from_ms) / 1_000,
      late_max_ms: this.#late_max_ms,
      latency_p50_ms: quantileMs(histogram, 0.5) ?? 0,
      latency_p99_ms: quantileMs(histogram, 0.99) ?? 0,
      latency_max_ms: this.#latency_max_ms,
      errors: [...this.#errors]
        .map(([code, error]) => ({ code, ...error }))
        .sort((left, right) => right.count - left.count),
      by_statement: this.#items.map(({ name, reads_only }, index) => ({
        name,
        reads_only,
        begun: 0,
        failed: 0,
        latency_max_ms: 0,
        ...this.#counts[index],
      })),
    };
  }
}
