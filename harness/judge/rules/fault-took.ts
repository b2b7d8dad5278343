import { shareDeviation, SIGMAS } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** Fewest answers of the release on which its badness can be judged at all. */
const ANSWERS_MIN = 20;

/**
 * The fault was real: the shipped release did give the share of bad answers that it was made to give. Judged from
 * what clients received, independently of the controller's metrics. A fault that did not take proves nothing about
 * the rollback, so it is `inconclusive`, never a failure of the stack.
 */
export const faultTook = rule('fault-took', 'the shipped release is as bad as it was made to be', (facts) => {
  const { spec } = facts;
  const shipped = facts.shipped;
  const met = facts.series((series) => series.release === spec.next_release);
  const total = met.reduce((sum, { series }) => sum + series.count, 0);
  const bad = met.reduce((sum, { series }) => sum + (series.bad ? series.count : 0), 0);
  if (total < ANSWERS_MIN) {
    throw new MissingEvidence(
      `clients met release ${spec.next_release} in ${total} answers, fewer than the ${ANSWERS_MIN} needed to judge it`,
    );
  }
  const expected = spec.bad_answers_pct / 100;
  const tolerance_pct = (SIGMAS * shareDeviation(expected, total) + 0.01) * 100;
  const measured_pct = (bad / total) * 100;
  const took = Math.abs(measured_pct - spec.bad_answers_pct) <= tolerance_pct;
  return {
    outcome: took ? 'pass' : 'inconclusive',
    reason: took
      ? `${bad} of ${total} answers of ${spec.next_release} were bad`
      : `${bad} of ${total} answers of ${spec.next_release} were bad: the fault did not take as declared, so nothing is proven`,
    limit: `${spec.bad_answers_pct} % +- ${tolerance_pct.toFixed(1)} pp`,
    measured: `${measured_pct.toFixed(1)} %`,
    derivation: `${SIGMAS} standard deviations of ${total} answers, and 1 pp`,
    evidence: [shipped.seq, ...met.filter(({ series }) => series.bad).map(({ seq }) => seq)],
  };
});
