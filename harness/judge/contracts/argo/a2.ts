import { MissingEvidence } from '../../missing-evidence.ts';
import { measurementsOf } from '../../measurements.ts';
import { contractRule } from '../contract-rule.ts';
import { rowsOf, toldOf } from './rows.ts';

/** Of errors in a row that are borne. Source: utils/defaults of Argo Rollouts 1.10. */
const CONSECUTIVE_ERROR_LIMIT = 4;
/** From an error to the next measurement, in seconds. Source: DefaultErrorRetryInterval in analysis/analysis.go. */
const ERROR_RETRY_S = 10;

/** How often the reason stands in a message: a person must be able to read it (thread #2258). */
function times(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** The fifth error in a row aborts, errors are ten seconds apart, and a good measurement between begins anew. */
export const a2 = contractRule('A2', (facts) => {
  facts.requireObserver('kubernetes');
  const { name } = facts.argo.check;
  const taken = measurementsOf(facts).filter(({ metric }) => metric === name);
  const errors = taken.filter(({ phase }) => phase === 'Error');
  if (errors.length === 0) throw new MissingEvidence(`no measurement of ${name} was an error`);
  const rows = rowsOf(facts, 'A2');
  const { told, problem: row_problem } = toldOf(rows);
  const aborted = facts.endState('rollback');
  const first = errors[0];
  const span_s = ((errors.at(-1)?.at ?? 0) - (first?.at ?? 0)) / 1000;
  const needed = CONSECUTIVE_ERROR_LIMIT + 1;
  const reason = `consecutiveErrors (${needed}) > consecutiveErrorLimit (${CONSECUTIVE_ERROR_LIMIT})`;
  const message = String(aborted?.data.fields['message'] ?? '');
  const said = times(message, reason);
  const early_s = CONSECUTIVE_ERROR_LIMIT * ERROR_RETRY_S - 1;
  const problem = !aborted
    ? `${errors.length} errors, and no abort`
    : taken.length !== errors.length
      ? `${taken.length - errors.length} measurements were no errors`
      : errors.filter(({ at }) => at <= aborted.at).length !== needed
        ? `aborted after ${errors.length} errors`
        : span_s < early_s
          ? `the errors were measured within ${span_s.toFixed(1)} s`
          : said !== 1
            ? `its message says the reason ${said} times: "${message}"`
            : row_problem;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ?? `aborted by error ${errors.length}, ${span_s.toFixed(1)} s after the first; ${told} hold`,
    limit: `abort by error ${needed} in a row, ${ERROR_RETRY_S} s apart, told once; a good measurement resets`,
    measured: `${errors.length} errors in ${span_s.toFixed(1)} s, ${told}`,
    evidence: [
      ...errors.map(({ seq }) => seq),
      ...(aborted ? [aborted.seq] : []),
      ...rows.map(({ state }) => state.seq),
    ],
  };
});
