import { MissingEvidence } from '../../missing-evidence.ts';
import { measurementsOf } from '../../measurements.ts';
import { contractRule } from '../contract-rule.ts';
import { rowsOf, toldOf } from './rows.ts';

/** Words of a measurement that could not be evaluated for want of data. Source: utils/evaluate/evaluate.go of 1.10.0. */
const NO_DATA = 'no data returned';

/** Each written condition gives what it says, and an unguarded one over nothing errs, which aborts a real release. */
export const a4 = contractRule('A4', (facts) => {
  const rows = rowsOf(facts, 'A4');
  if (rows.length === 0) throw new MissingEvidence('no condition was tried on an odd result');
  const { told, problem: row_problem } = toldOf(rows);
  const taken = measurementsOf(facts).filter(({ metric }) => metric === facts.argo.check.name);
  if (taken.length === 0) throw new MissingEvidence('the Rollout was never measured');
  const other = taken.find(({ phase, received }) => phase !== 'Error' || !received.includes(NO_DATA));
  const aborted = facts.endState('rollback');
  const problem = other
    ? `a measurement over nothing was ${other.phase}: "${other.received}"`
    : aborted
      ? row_problem
      : 'errors over nothing did not abort the Rollout';
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${told} as written, and ${taken.length} unguarded measurements over nothing aborted`,
    limit: 'every row as its condition says; unguarded over nothing aborts',
    measured: told,
    evidence: [...rows.map(({ state }) => state.seq), ...taken.map(({ seq }) => seq)],
  };
});
