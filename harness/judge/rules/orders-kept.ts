import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

const ROUTE = '/orders';

/** Every order that a customer was told is accepted is there at the end, once, and holds what was ordered. */
export const ordersKept = rule('orders-kept', 'every accepted order is still there', (facts) => {
  const found = facts.timeline.of('database', 'orders').at(-1);
  if (!found) throw new MissingEvidence('nobody listed the orders after the load');
  const asked = facts.series(({ route }) => route === ROUTE);
  const accepted = asked.reduce((sum, { series }) => sum + (series.bad ? 0 : series.count), 0);
  const failed = asked.reduce((sum, { series }) => sum + (series.bad ? series.count : 0), 0);
  if (accepted === 0) throw new MissingEvidence('no order was accepted');
  const { stored, distinct, wrong } = found.data;
  const problems = [
    ...(distinct < accepted ? [`${accepted - distinct} accepted orders are lost`] : []),
    ...(stored > distinct ? [`${stored - distinct} orders are there twice`] : []),
    // A request that failed may have been carried out all the same; more than those nobody ordered.
    ...(distinct > accepted + failed
      ? [`${distinct - accepted - failed} orders are there that nobody placed`]
      : []),
    ...(wrong > 0 ? [`${wrong} orders hold something else than was ordered`] : []),
  ];
  return {
    outcome: problems.length === 0 ? 'pass' : 'fail',
    reason:
      problems.length === 0 ? `${accepted} orders were accepted, ${distinct} are there` : problems.join('; '),
    limit: `>= ${accepted} orders, each once and as ordered`,
    measured: `${distinct} orders, ${wrong} of them wrong`,
    evidence: [found.seq],
  };
});
