import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, EXIT, InterruptedError, MettleError, messageOf } from '#harness/core/errors.ts';
import type { LoadSecond, Recorder, RecordOf } from '#harness/core/timeline.ts';
import type { Child, ChildExit } from '#harness/process/child.ts';
import { countAnswers, describeSecond, type MeasuredSecond, parseSecond } from './seconds.ts';
import type { Finding, LoadCondition } from './steady.ts';

/** How the load ended, with the sums of all its seconds. */
export interface LoadEnd extends ChildExit {
  /** True when the harness asked for the end. */
  readonly asked: boolean;
  readonly seconds: number;
  readonly answers: number;
  readonly bad: number;
  readonly iterations: number;
  readonly dropped_iterations: number;
}

export interface WaitOptions {
  /** What is awaited, for the message: `the steady state`. */
  readonly awaited: string;
  readonly deadline_s: number;
}

export interface LoadContext {
  readonly subject: string;
  readonly recorder: Recorder;
  readonly started: RecordOf<'load', 'started'>['data'];
  /** Each second's orders are recorded, also where there are none. */
  readonly remember_orders?: boolean;
  readonly signal?: AbortSignal;
}

/** The load ended while something was awaited of it. Exit code 2: nothing was proven. */
export class LoadEndedError extends MettleError {
  readonly exit_code = EXIT.inconclusive;
}

/** Seconds kept for conditions. */
const RECENT_MAX = 120;
const STDERR_MAX = 8192;
/** The generator lets requests in progress end, which takes at most the request time-out, and writes its summary. */
const STOP_MAX_S = 15;

type Listener = (second: LoadSecond) => void;

/** Load that is being sent. Each second of it is in the timeline as soon as it is measured. */
export class RunningLoad implements AsyncDisposable {
  readonly pid: number;
  /** Comes when the generator has ended and all it measured is in the timeline; never rejects. */
  readonly ended: Promise<LoadEnd>;
  /** The end of what the generator wrote to standard error. */
  stderr_tail = '';

  private readonly child: Child;
  private readonly context: LoadContext;
  private readonly listeners = new Set<Listener>();
  private readonly window: LoadSecond[] = [];
  private readonly sums = { seconds: 0, answers: 0, bad: 0, iterations: 0, dropped_iterations: 0 };
  private asked_at: number | undefined;

  constructor(child: Child, context: LoadContext) {
    this.child = child;
    this.context = context;
    this.pid = child.pid;
    const killNow = (): void => void child.kill('SIGKILL');
    context.signal?.addEventListener('abort', killNow, { once: true });
    if (context.signal?.aborted) killNow();
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr_tail = (this.stderr_tail + chunk.toString('utf8')).slice(-STDERR_MAX);
    });
    this.ended = this.follow().finally(() => context.signal?.removeEventListener('abort', killNow));
  }

  /** The latest seconds, the newest last; at most 120. */
  get recent(): readonly LoadSecond[] {
    return this.window;
  }

  /** Calls the listener with each second from now on, until the result is disposed. */
  onSecond(listener: Listener): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  /**
   * Waits until the condition holds on the latest seconds; it is asked now and after each second.
   * @throws DeadlineError when it does not hold in time
   * @throws LoadEndedError when the load ends before
   * @throws InterruptedError when the signal given at the start comes
   */
  async waitUntil(condition: LoadCondition, { awaited, deadline_s }: WaitOptions): Promise<Finding> {
    const { promise, resolve, reject } = Promise.withResolvers<Finding>();
    let finding: Finding = { met: false, seen: 'nothing yet' };
    const look = (): void => {
      try {
        finding = condition(this.window);
        if (finding.met) resolve(finding);
      } catch (thrown) {
        reject(thrown);
      }
    };
    using _listening = this.onSecond(look);
    const timer = setTimeout(
      () => reject(new DeadlineError(awaited, deadline_s, finding.seen)),
      deadline_s * 1000,
    );
    const failOnEnd = async (): Promise<void> => reject(this.endedBefore(await this.ended, awaited, finding));
    void failOnEnd();
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends the load without losing a measurement: no further request is sent, those in progress are answered or time
   * out, and all seconds are in the timeline when the promise is fulfilled. A second call waits for the same end.
   * A generator that has not ended by the deadline is killed.
   */
  async stop(deadline_s = STOP_MAX_S): Promise<LoadEnd> {
    if (this.asked_at === undefined && this.child.kill('SIGUSR1')) this.asked_at = Date.now();
    using deadline = abortable();
    const in_time = await Promise.race([
      this.ended.then(() => true),
      delay(deadline_s * 1000, false, { signal: deadline.signal }).catch(() => false),
    ]);
    if (!in_time) this.child.kill('SIGKILL');
    return this.ended;
  }

  /** Ends the load at once; what the generator has not yet written is lost, and the timeline shows that. */
  async kill(): Promise<LoadEnd> {
    this.child.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async follow(): Promise<LoadEnd> {
    const { subject, recorder } = this.context;
    try {
      for await (const line of createInterface({ input: this.child.stdout })) this.take(parseSecond(line));
    } catch (thrown) {
      this.asked_at = undefined;
      recorder.record({ source: 'harness', kind: 'note', subject, data: { text: messageOf(thrown) } });
      this.child.kill('SIGKILL');
    }
    const exit = await this.child.exited;
    const asked = this.asked_at !== undefined;
    recorder.record({
      source: 'load',
      kind: 'ended',
      subject,
      // No request is sent after the moment of asking: that is when the offered load ended.
      at: this.asked_at ?? Date.now(),
      data: { ...exit, asked },
    });
    return { ...exit, asked, ...this.sums };
  }

  private endedBefore(end: LoadEnd, awaited: string, { seen }: Finding): MettleError {
    if (this.context.signal?.aborted) return new InterruptedError(`interrupted while waiting for ${awaited}`);
    const ending = end.signal === null ? `exit code ${String(end.exit_code)}` : end.signal;
    return new LoadEndedError(`the load ended (${ending}) before ${awaited}; last seen: ${seen}`);
  }

  private take({ second, orders, begun_at }: MeasuredSecond): void {
    const { subject, recorder, started, remember_orders = false } = this.context;
    if (this.sums.seconds === 0) {
      recorder.record({
        source: 'load',
        kind: 'started',
        subject,
        // Not the first answer, which may be slow: what was due until then would seem to be too much.
        at: begun_at > 0 ? begun_at : second.from,
        data: started,
      });
    }
    const at = second.from + 1000;
    recorder.record({ source: 'load', kind: 'second', subject, at, data: second });
    if (remember_orders) recorder.record({ source: 'load', kind: 'orders', subject, at, data: { orders } });
    this.window.push(second);
    if (this.window.length > RECENT_MAX) this.window.shift();
    const { answers, bad } = countAnswers([second]);
    this.sums.seconds += 1;
    this.sums.answers += answers;
    this.sums.bad += bad;
    this.sums.iterations += second.iterations;
    this.sums.dropped_iterations += second.dropped_iterations;
    for (const listener of this.listeners) listener(second);
  }

  /** The newest second as a person reads it. */
  get seen(): string {
    const newest = this.window.at(-1);
    return newest === undefined ? 'nothing yet' : describeSecond(newest);
  }
}

function abortable(): AbortController & Disposable {
  const controller = new AbortController();
  return Object.assign(controller, { [Symbol.dispose]: () => controller.abort() });
}
