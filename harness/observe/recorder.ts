import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { DeadlineError } from '#harness/core/errors.ts';
import type { Draft, Recorder, TimelineRecord } from '#harness/core/timeline.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';

/** Something that is awaited of the timeline. */
export interface TimelineCondition {
  /** What is awaited, for the message. */
  readonly awaited: string;
  readonly holds: (timeline: Timeline) => boolean;
}

/**
 * Writes the timeline of a run. Each record is on its way to the disk when `record` returns, so that a run that is
 * killed keeps all that it saw.
 */
export class TimelineFile implements Recorder, Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #records: TimelineRecord[] = [];
  readonly #listeners = new Set<() => void>();
  #closed = false;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'wx');
  }

  record(draft: Draft): number {
    if (this.#closed) return -1;
    const seq = this.#records.length;
    // The order of the fields is the order of the columns that a reader of the file sees.
    const { at, ...rest } = draft;
    const record = { seq, at: at ?? Date.now(), ...rest } as TimelineRecord;
    writeSync(this.#file, formatRecord(record));
    this.#records.push(record);
    for (const listener of this.#listeners) listener();
    return seq;
  }

  /** What was recorded so far. */
  snapshot(): Timeline {
    return new Timeline([...this.#records]);
  }

  /**
   * Waits until what was recorded satisfies the condition; it is asked now and at each new record.
   * @throws DeadlineError when it does not in time
   */
  async until(condition: TimelineCondition, deadline_s: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition.holds(new Timeline(this.#records))) resolve();
    };
    const stopped = (): void => reject(signal.reason);
    const timer = setTimeout(
      () => reject(new DeadlineError(condition.awaited, deadline_s, 'no such record')),
      deadline_s * 1000,
    );
    this.#listeners.add(look);
    signal.addEventListener('abort', stopped, { once: true });
    try {
      look();
      await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
      signal.removeEventListener('abort', stopped);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
