import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { analysesOf, endedAt } from './analyses.ts';
import { rowsOf, toldOf } from './rows.ts';

/** Good measurements in a row that the analysis of a step waits for in the scenarios of this contract. */
const WANTED = 3;

/** Each combination of the two limits ends as documented; a step that waits for successes in a row ends with the last. */
export const a5 = contractRule('A5', (facts) => {
  const rows = rowsOf(facts, 'A5');
  const { told, problem: row_problem } = toldOf(rows);
  const step = analysesOf(facts).find(({ type }) => type === 'Step');
  if (rows.length === 0 && !step) throw new MissingEvidence('no limit was tried');
  const end = step && endedAt(step);
  const successes = Object.entries(end?.data.fields ?? {}).find(([name]) =>
    name.endsWith('.successful'),
  )?.[1];
  const problem =
    step && end?.data.fields['phase'] !== 'Successful'
      ? `the analysis of the step is ${String(step.last.data.fields['phase'])}`
      : step && successes !== WANTED
        ? `the analysis of the step ended after ${String(successes)} successes`
        : row_problem;
  const by_step = step ? `, the step's after ${String(successes)} in a row` : '';
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${told} as documented${by_step}`,
    limit: `every row as documented${step ? `; the step's analysis ends with success ${WANTED} in a row` : ''}`,
    measured: `${told}${by_step}`,
    evidence: [...rows.map(({ state }) => state.seq), ...(end ? [end.seq] : [])],
  };
});
