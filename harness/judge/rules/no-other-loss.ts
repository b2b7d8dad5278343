import { rule } from '../rule.ts';

/** No request is lost otherwise: every bad answer is one of the bad release. */
export const noOtherLoss = rule('no-other-loss', 'no other request fails', (facts) => {
  const { spec } = facts;
  const bad = facts.series(
    (series) => series.bad && (spec.expected === 'promotion' || series.release !== spec.next_release),
  );
  const total = facts.series(() => true).reduce((sum, { series }) => sum + series.count, 0);
  const count = bad.reduce((sum, { series }) => sum + series.count, 0);
  const kinds = [...new Set(bad.map(({ series }) => `status ${series.status} of ${series.release}`))];
  return {
    outcome: count === 0 ? 'pass' : 'fail',
    reason:
      count === 0
        ? `${total} answers, none of them bad outside the declared fault`
        : `${count} of ${total} answers were bad: ${kinds.slice(0, 5).join(', ')}`,
    limit: '<= 0 answers',
    measured: `${count} answers`,
    evidence: bad.map(({ seq }) => seq),
  };
});
