import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { SideBySide, SidePhase } from '#harness/run/phases.ts';
import type { Progress } from '#harness/core/progress.ts';
import { PhaseClock } from './phase-clock.ts';

/** What a task list offers a task: its title and the line below it. */
interface Shown {
  title: string | undefined;
  output: string;
}

/** A live task list on a terminal: elapsed and expected time beside each phase, the last line of work below it. */
export class LivePhases implements SideBySide {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  async phase<Result>(
    title: string,
    key: string,
    act: (progress: Progress) => Promise<Result>,
  ): Promise<Result> {
    const [ended] = await this.sideBySide([
      { title, key, turn: () => Promise.resolve({ [Symbol.dispose]: () => undefined }), act },
    ]);
    if (ended?.status === 'fulfilled') return ended.value;
    throw ended?.reason ?? new Error(`phase ${title} ended without a result`);
  }

  async sideBySide<Result>(
    works: readonly SidePhase<Result>[],
  ): Promise<readonly PromiseSettledResult<Result>[]> {
    const ends = new Map<SidePhase<Result>, PromiseSettledResult<Result>>();
    const list = new Listr(
      works.map((work) => ({
        title: work.title,
        task: async (_context: unknown, task: Shown) => {
          try {
            ends.set(work, { status: 'fulfilled', value: await perform(work, task) });
          } catch (reason) {
            ends.set(work, { status: 'rejected', reason });
            throw reason;
          }
        },
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        rendererOptions: {
          collapseErrors: false,
          showErrorMessage: false,
          logger: new ListrLogger({ processOutput: new ProcessOutput(this.#stream, this.#stream) }),
        },
      },
    );
    await list.run();
    return works.map(
      (work) => ends.get(work) ?? { status: 'rejected', reason: new Error(`${work.title} never ended`) },
    );
  }
}

/** Runs one phase and keeps its title up to date. */
async function perform<Result>({ title, key, turn, act }: SidePhase<Result>, task: Shown): Promise<Result> {
  task.title = `${title} · waiting for its turn`;
  using _turn = await turn();
  task.title = title;
  const clock = new PhaseClock(key);
  const about = clock.expected_s === undefined ? '' : ` of about ${clock.expected_s.toFixed(0)} s`;
  const timer = setInterval(() => {
    task.title = `${title} · ${clock.elapsed_s.toFixed(0)} s${about}`;
  }, 1000);
  try {
    const result = await act((line) => {
      task.output = line;
    });
    clock.done();
    return result;
  } finally {
    clearInterval(timer);
    task.title = `${title} · ${clock.elapsed_s.toFixed(1)} s`;
  }
}
