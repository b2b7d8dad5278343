import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

const ROUTE = '/orders';
/** What the shop answers while its database is away. */
const REFUSED = 503;

/**
 * A shop whose database is away still shows what it sells: orders are refused, with an answer, and nothing else fails.
 * Pods that called themselves not ready together would leave the gateway with nobody to ask.
 */
export const onlyOrdersSuffer = rule(
  'only-orders-suffer',
  'while the database is away, orders are refused and everything else is served',
  (facts) => {
    const bad = facts.series((series) => series.bad);
    const refused = bad.filter(({ series }) => series.route === ROUTE && series.status === REFUSED);
    const others = bad.filter(({ series }) => !(series.route === ROUTE && series.status === REFUSED));
    const count = (found: typeof bad): number => found.reduce((sum, { series }) => sum + series.count, 0);
    if (count(bad) === 0) throw new MissingEvidence('no order was refused, so nobody noticed the loss');
    const kinds = others.map(
      ({ series }) => `${series.count} of ${series.route} with status ${series.status}`,
    );
    return {
      outcome: others.length === 0 ? 'pass' : 'fail',
      reason:
        others.length === 0
          ? `${count(refused)} orders were refused and nothing else`
          : `other requests failed as well: ${[...new Set(kinds)].join(', ')}`,
      limit: `0 bad answers other than ${REFUSED} of ${ROUTE}`,
      measured: `${count(others)} other bad answers, ${count(refused)} refused orders`,
      evidence: (others.length === 0 ? refused : others).map(({ seq }) => seq),
    };
  },
);
