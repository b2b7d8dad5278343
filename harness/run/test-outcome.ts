import type { Outcome } from '#harness/core/verdict.ts';
import type { ScenarioOutcome } from './environment.ts';

/**
 * What a test of a scenario file comes to. For a seeded defect it is `pass` when Mettle noticed it, `fail` when Mettle did not,
 * and `inconclusive` when the run lacked the evidence by which it could have.
 * @param reported what the scenario handed back; absent where it broke before it had a run folder
 */
export function outcomeOfTest(
  state: 'passed' | 'failed' | 'skipped' | 'pending',
  reported: Pick<ScenarioOutcome, 'outcome' | 'seeded_defect'> | undefined,
): Outcome {
  if (state === 'passed') return 'pass';
  // A scenario that broke without a verdict has proven nothing.
  if (state !== 'failed' || !reported) return 'inconclusive';
  if (reported.seeded_defect !== undefined)
    return reported.outcome === 'inconclusive' ? 'inconclusive' : 'fail';
  return reported.outcome === 'pass' ? 'fail' : reported.outcome;
}
