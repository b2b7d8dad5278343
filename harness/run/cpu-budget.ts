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
    for (const one of [...this.#waiting]) {
      const used = this.#running === 0 ? 0 : Math.max(this.#used, Number.EPSILON);
      if (!fits(one.cpu, used, this.#budget_cores)) continue;
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      this.#used += one.cpu;
      this.#running += 1;
      one.start();
    }
  }
}
