import { exposedTraffic_s, exposureBudget_s, SIGMAS } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** Harm in requests: the bad answers of the new release are at most what the allowed exposure gives. */
export const harm = rule('harm', 'no more bad answers than the allowed exposure gives', (facts) => {
  const { spec } = facts;
  const bad = facts.bad_answers;
  const count = bad.reduce((sum, { series }) => sum + series.count, 0);
  if (count === 0) throw new MissingEvidence(`clients met no bad answer of release ${spec.next_release}`);
  const exposed = spec.load.rate_per_s * exposureBudget_s(spec);
  const given_s = exposedTraffic_s(spec);
  const share = (given_s / exposureBudget_s(spec)) * (spec.bad_answers_pct / 100);
  const budget = Math.ceil(exposed * share + SIGMAS * Math.sqrt(exposed * share * (1 - share)));
  return {
    outcome: count <= budget ? 'pass' : 'fail',
    reason: `${count} bad answers reached clients`,
    limit: `<= ${budget} answers`,
    measured: `${count} answers`,
    derivation: `${spec.load.rate_per_s}/s x ${given_s.toFixed(1)} s of all traffic within ${exposureBudget_s(spec)} s x ${spec.bad_answers_pct} %, and ${SIGMAS} standard deviations`,
    evidence: bad.map(({ seq }) => seq),
  };
});
