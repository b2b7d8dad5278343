import { exposureBudget } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { measurementsOf } from '../../measurements.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

/** The analysis fails with measurement number failureLimit + 1, and the abort follows within the exposure's budget. */
export const a1 = contractRule('A1', (facts) => {
  const { failure_limit, check } = facts.argo;
  facts.requireObserver('kubernetes');
  const failures = measurementsOf(facts).filter(
    ({ phase, metric }) => phase === 'Failed' && metric === check.name,
  );
  const first = facts.rollout_states.find(({ data }) => Number(data.fields.weight_pct) > 0);
  if (!first) throw new MissingEvidence('the canary was never given a share of the traffic');
  const budget = exposureBudget(facts.spec);
  const aborted = facts.endState('rollback');
  const limit = `abort at failure ${failure_limit + 1}, ${atMost(budget.seconds, 's')} after the first weight`;
  const evidence = [first.seq, ...failures.map(({ seq }) => seq), ...(aborted ? [aborted.seq] : [])];
  if (!aborted) {
    return { outcome: 'fail', reason: `${failures.length} failures, and no abort`, limit, evidence };
  }
  const took_s = (aborted.at - first.at) / 1000;
  const counted = failures.filter(({ at }) => at <= aborted.at).length;
  return {
    outcome: counted === failure_limit + 1 && took_s <= budget.seconds ? 'pass' : 'fail',
    reason: `aborted ${took_s.toFixed(1)} s after the first weight, after ${counted} failed measurements`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence,
  };
});
