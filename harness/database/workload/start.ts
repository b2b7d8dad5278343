/** Starts a release at work, in a thread of its own. */
import { Worker } from 'node:worker_threads';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { Moment, WorkloadFacts } from '#harness/core/guard/facts.ts';
import type { Address } from '../server/types.ts';
import type { ServingRelease } from './command.ts';
import type { GeneratorTask, Question, Reply } from './generator-messages.ts';
import type { Release, RunningWorkload, WorkloadOptions } from './types.ts';

type Told = Extract<Reply, { readonly id: number }>;
type Asked<Q> = Q extends Question ? Omit<Q, 'id'> : never;

/** The thread, and the questions that it has not answered. */
class GeneratorThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #open = new Map<number, PromiseWithResolvers<Told>>();
  readonly #ready = Promise.withResolvers<void>();
  #ended: Error | undefined;
  #next = 0;

  constructor(task: GeneratorTask) {
    this.#worker = new Worker(new URL('./generator-worker.ts', import.meta.url), { workerData: task });
    this.#ready.promise.catch(() => undefined);
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('its thread has ended')));
  }

  /** Comes once it is at work. @throws UnfitError when it cannot begin */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  #take(reply: Reply): void {
    if (reply.tell === 'ready') this.#ready.resolve();
    else if (reply.tell === 'unfit') {
      const { message, next } = reply;
      this.#ready.reject(new UnfitError(message, next === undefined ? {} : { next }));
    } else {
      this.#open.get(reply.id)?.resolve(reply);
      this.#open.delete(reply.id);
    }
  }

  #end(cause: unknown): void {
    this.#ended ??= new UnfitError(`the workload broke off: ${messageOf(cause)}`, { cause });
    this.#ready.reject(this.#ended);
    for (const { reject } of this.#open.values()) reject(this.#ended);
    this.#open.clear();
  }

  async ask(question: Asked<Question>): Promise<Told> {
    if (this.#ended) throw this.#ended;
    const told = Promise.withResolvers<Told>();
    this.#next += 1;
    this.#open.set(this.#next, told);
    this.#worker.postMessage({ ...question, id: this.#next }, []);
    return await told.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

async function programOf(
  release: Release,
  address: Address,
  signal: AbortSignal | undefined,
): Promise<ServingRelease | undefined> {
  if (release.kind !== 'command') return undefined;
  // Most releases are statements, and loading what speaks HTTP takes a while.
  const { startRelease } = await import('./command.ts');
  return await startRelease(release, address, signal);
}

/**
 * Starts the program of a release where it has one. Comes once all connections are made and statements are being sent.
 * @throws UnfitError when the database lets nobody in, or the program does not serve
 * @throws what the signal was aborted with
 */
export async function startWorkload(
  release: Release,
  { signal, ...options }: WorkloadOptions,
): Promise<RunningWorkload> {
  signal?.throwIfAborted();
  await using stack = new AsyncDisposableStack();
  const program = await programOf(release, options.address, signal);
  if (program) stack.use(program);
  const thread = stack.use(
    new GeneratorThread({ release, options, ...(program ? { origin: program.origin } : {}) }),
  );
  const stop = (): void => void thread[Symbol.asyncDispose]();
  signal?.addEventListener('abort', stop, { once: true });
  stack.defer(() => signal?.removeEventListener('abort', stop));
  await thread.ready.catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
  const facts = async (ask: 'cut' | 'stop', moment: Moment): Promise<WorkloadFacts> => {
    const told = await thread.ask({ ask, moment });
    if (told.tell !== 'facts') throw new UnfitError('the workload told something that it was not asked');
    return told.facts;
  };
  const kept = stack.move();
  return {
    side: options.side,
    cut: (moment) => facts('cut', moment),
    stop: (moment) => facts('stop', moment),
    settle: async () => {
      await thread.ask({ ask: 'settle' });
    },
    stalls: async (since) => {
      const told = await thread.ask({ ask: 'stalls', since });
      return told.tell === 'stalls' ? told.stalls : [];
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
