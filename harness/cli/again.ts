import type { Progress } from '#harness/core/progress.ts';
import { isOnlyStarved } from '#harness/core/verdict.ts';
import type { ScenarioResult } from '#harness/run/vitest-runner.ts';
import { foldersOf, verdictOf } from './verdicts.ts';

/**
 * Whether this machine kept the load generator waiting, and that is all that stands against a pass. A seeded defect was
 * to be noticed: what it met instead is its result.
 */
async function isStarved(result: ScenarioResult): Promise<boolean> {
  if (result.outcome !== 'inconclusive' || result.seeded_defect !== undefined) return false;
  const verdicts = await Promise.all(foldersOf(result).map(verdictOf));
  const against = verdicts.filter(({ outcome }) => outcome !== 'pass');
  return against.length > 0 && against.every(isOnlyStarved);
}

/**
 * Results of a scenario. Where the load generator was starved the scenario is run again, at most so often: an experiment
 * whose instrument was disturbed has said nothing. What was disturbed stays among the results, marked. A promise that was
 * broken, or that was seen broken on shaky ground, is never run again, and of a further run every test counts.
 */
export async function* againWhileStarved(
  run: () => Promise<readonly ScenarioResult[]>,
  times: number,
  progress: Progress,
): AsyncGenerator<ScenarioResult> {
  for (let left = times; ; left -= 1) {
    const found = await run();
    const starved = await Promise.all(found.map(isStarved));
    const again = left > 0 && starved.includes(true);
    for (const [index, result] of found.entries())
      yield again && starved[index] === true ? { ...result, run_again: true } : result;
    if (!again) return;
    progress('the load generator was starved, so nothing was proven: running the scenario again');
  }
}
