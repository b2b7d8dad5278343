import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Phases } from '#harness/run/phases.ts';
import type { Progress } from '#harness/core/progress.ts';
import { readDurations, rememberDuration } from '#harness/run/durations.ts';

/** A live task list on a terminal: elapsed and expected time beside each phase, the last line of work below it. */
export class LivePhases implements Phases {
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
    const expected_s = readDurations()[key];
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    const results: Result[] = [];
    const list = new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            const about = expected_s === undefined ? '' : ` of about ${expected_s.toFixed(0)} s`;
            const clock = setInterval(() => {
              task.title = `${title} · ${elapsed().toFixed(0)} s${about}`;
            }, 1000);
            try {
              results.push(
                await act((line) => {
                  task.output = line;
                }),
              );
              rememberDuration(key, elapsed());
            } finally {
              clearInterval(clock);
              task.title = `${title} · ${elapsed().toFixed(1)} s`;
            }
          },
        },
      ],
      {
        registerSignalListeners: false,
        rendererOptions: {
          collapseErrors: false,
          showErrorMessage: false,
          logger: new ListrLogger({ processOutput: new ProcessOutput(this.#stream, this.#stream) }),
        },
      },
    );
    await list.run();
    for (const result of results) return result;
    throw new Error(`phase ${title} ended without a result`);
  }
}
