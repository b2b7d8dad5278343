import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { type Analysis, analysesOf } from './analyses.ts';
import { rowsOf, toldOf } from './rows.ts';

const TERMINATED = 'Metric Terminated';

/** Metrics of an analysis whose last measurement was ended from outside, with what was made of it. */
function cutShort({ last }: Analysis): readonly { readonly metric: string; readonly phase: string }[] {
  const { fields } = last.data;
  return Object.entries(fields).flatMap(([field, message]) => {
    const metric = /^(?<metric>.+)\.last_message$/.exec(field)?.groups?.['metric'];
    if (metric === undefined || !/terminated/i.test(String(message))) return [];
    return [{ metric, phase: String(fields[`${metric}.last_phase`]) }];
  });
}

/** A measurement in flight that is ended from outside is not called good, and neither is what was never good before. */
export const a6 = contractRule('A6', (facts) => {
  const rows = rowsOf(facts, 'A6');
  const { told, problem: row_problem } = toldOf(rows);
  const analyses = analysesOf(facts);
  const cut = analyses.flatMap((one) => cutShort(one).map((found) => ({ ...found, seq: one.last.seq })));
  if (rows.length === 0 && cut.length === 0) throw new MissingEvidence(`no measurement says ${TERMINATED}`);
  const good = cut.find(({ phase }) => phase === 'Successful');
  const problem = good ? `${good.metric} was cut short and called ${good.phase}` : row_problem;
  const by_rollout = cut.map(({ metric, phase }) => `${metric} ${phase}`).join(', ') || 'none';
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${told} hold; cut short with the Rollout: ${by_rollout}`,
    limit: 'nothing that is cut short is Successful',
    measured: `${told}; ${by_rollout}`,
    evidence: [...rows.map(({ state }) => state.seq), ...cut.map(({ seq }) => seq)],
  };
});
