/** Threads in which releases work: starting one costs more than all that a short workload sends, so they are used again. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { GeneratorTask, Question, Reply } from './generator-messages.ts';

type Asked<Q> = Q extends Question ? Omit<Q, 'id'> : never;

/** Beside this module, and of its kind: sources here, bundled modules in an image. */
const THREAD = new URL(`./generator-worker${extname(import.meta.filename)}`, import.meta.url);
const END_MS = 1_000;
/** Nearly all that is made in it is done with at once; three threads with V8's own 48 MB each would be half of what Mettle needs. */
const YOUNG_MB = 4;

/** Threads that wait for work. They keep nobody from ending. */
const idle: GeneratorThread[] = [];

/** A thread, and the questions that it has not answered. */
export class GeneratorThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #open = new Map<number, PromiseWithResolvers<Reply>>();
  #ended: Error | undefined;
  #next = 0;
  #fit = true;

  private constructor() {
    this.#worker = new Worker(THREAD, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('its thread has ended')));
    this.#worker.unref();
  }

  /** Begins to load threads that will be needed, so that they are there by then. */
  static prepare(count: number): void {
    while (idle.length < count) idle.push(new GeneratorThread());
  }

  /** Comes once all connections are made and statements are being sent. @throws UnfitError when it cannot begin */
  static async begin(task: GeneratorTask, signal: AbortSignal | undefined): Promise<GeneratorThread> {
    const thread = idle.pop() ?? new GeneratorThread();
    thread.#worker.ref();
    const stop = (): void => void thread.stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      // What speaks HTTP keeps connections that nobody else should find.
      thread.#fit = task.release.kind === 'sql';
      await thread.ask({ ask: 'begin', task });
      return thread;
    } catch (error) {
      await thread.stop();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #take(reply: Reply): void {
    this.#open.get(reply.id)?.resolve(reply);
    this.#open.delete(reply.id);
  }

  #end(cause: unknown): void {
    this.#fit = false;
    this.#ended ??= new UnfitError(`the workload broke off: ${messageOf(cause)}`, { cause });
    for (const { reject } of this.#open.values()) reject(this.#ended);
    this.#open.clear();
    const place = idle.indexOf(this);
    if (place !== -1) idle.splice(place, 1);
  }

  /** @throws UnfitError with what the thread says, or that it has ended */
  async ask(question: Asked<Question>): Promise<Exclude<Reply, { readonly tell: 'unfit' }>> {
    if (this.#ended) throw this.#ended;
    const told = Promise.withResolvers<Reply>();
    this.#next += 1;
    this.#open.set(this.#next, told);
    this.#worker.postMessage({ ...question, id: this.#next }, []);
    const reply = await told.promise;
    if (reply.tell !== 'unfit') return reply;
    const { message, next } = reply;
    throw new UnfitError(message, next === undefined ? {} : { next });
  }

  /** Ends the thread, whatever it does. */
  async stop(): Promise<void> {
    this.#fit = false;
    await this.#worker.terminate();
  }

  /** Ends the work; the thread waits for other work, where it ends in time. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#fit) {
      await this.stop();
      return;
    }
    const late = setTimeout(() => void this.stop(), END_MS);
    const is_over = await this.ask({ ask: 'end' }).then(
      () => true,
      () => false,
    );
    clearTimeout(late);
    if (!is_over || !this.#fit) {
      await this.stop();
      return;
    }
    this.#worker.unref();
    idle.push(this);
  }
}
