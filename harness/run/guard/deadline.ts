import { DeadlineError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';

/**
 * Does something that must end by itself when its signal comes, and gives it that signal when the time is over.
 * @throws DeadlineError with the last line of progress
 */
export async function within<Result>(
  {
    awaited,
    deadline_s,
    signal,
    progress,
  }: {
    readonly awaited: string;
    readonly deadline_s: number;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
  act: (options: { readonly signal: AbortSignal; readonly progress: Progress }) => Promise<Result>,
): Promise<Result> {
  const over = AbortSignal.timeout(deadline_s * 1000);
  let last = 'just started';
  try {
    return await act({
      signal: AbortSignal.any([signal, over]),
      progress: (line) => {
        last = line;
        progress(line);
      },
    });
  } catch (error) {
    if (!over.aborted || signal.aborted) throw error;
    throw new DeadlineError(awaited, deadline_s, last, { cause: error });
  }
}
