import { fits } from './lanes.ts';

interface Waiting {
  readonly cpu: number;
  readonly start: () => void;
}

/** Lets work start while the cores that it claims are free. Who waits longest is asked first. */
export class CpuBudget {
  readonly #budget_cores: number;
  readonly #waiting: Waiting[] = [];
  #used = 0;
  #running = 0;

  constructor(budget_cores: number) {
    this.#budget_cores = budget_cores;
  }

  /** Waits for the cores; disposing of the result frees them. Throws the signal's reason when it is aborted. */
  async claim(cpu: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const stopped = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(signal.reason);
      };
      const one: Waiting = {
        cpu,
        start: () => {
          signal.removeEventListener('abort', stopped);
          resolve();
        },
      };
      signal.addEventListener('abort', stopped, { once: true });
      this.#waiting.push(one);
      this.#startAll();
    });
    return {
      [Symbol.dispose]: () => {
        this.#used -= cpu;
        this.#running -= 1;
        this.#startAll();
      },
    };
  }

  #startAll(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#used += next.cpu;
      this.#running += 1;
      next.start();
    }
  }

  #next(): Waiting | undefined {
    const used = this.#running === 0 ? 0 : Math.max(this.#used, Number.EPSILON);
    return this.#waiting.find(({ cpu }) => fits(cpu, used, this.#budget_cores));
  }
}
