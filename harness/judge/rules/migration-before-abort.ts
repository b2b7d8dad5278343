import { courses } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/**
 * The release was given up with its share of the users, after its migration and after it had written to the new schema:
 * a release that nobody met, or that wrote nothing, leaves nothing that the former one could stumble over.
 */
export const migrationBeforeAbort = rule(
  'aborted-across-migration',
  'the release is given up after its migration, with its share of the users and with orders of its own',
  (facts) => {
    const { bad_release = '', bad_release_pct = 0 } = facts.expectation('migration');
    const applied = courses(facts).findLast((one) => one.applied)?.applied;
    if (!applied) throw new MissingEvidence('no migration was applied');
    const shipped = facts.shipped;
    const reached = facts.weight_periods.find(
      ({ canary_pct, from }) => from >= shipped.at && canary_pct >= bad_release_pct,
    );
    if (!reached) throw new MissingEvidence(`${bad_release} never had ${bad_release_pct} % of the traffic`);
    const orders = facts.series(
      ({ release, route, bad }) => release === bad_release && route === '/orders' && !bad,
    );
    const count = orders.reduce((sum, { series }) => sum + series.count, 0);
    if (count === 0) throw new MissingEvidence(`${bad_release} took no order on the new schema`);
    const in_order = applied.at <= shipped.at;
    return {
      outcome: in_order ? 'pass' : 'fail',
      reason: in_order
        ? `the migration was applied ${((shipped.at - applied.at) / 1000).toFixed(1)} s before ${bad_release} was shipped, which had ${reached.canary_pct} % for ${((reached.to - reached.from) / 1000).toFixed(1)} s and took ${count} orders`
        : `${bad_release} was shipped ${((applied.at - shipped.at) / 1000).toFixed(1)} s before its migration was applied`,
      limit: `migrated, then >= ${bad_release_pct} %, then given up`,
      measured: `${reached.canary_pct} %, ${count} orders`,
      evidence: [applied.seq, shipped.seq, reached.seq, ...orders.slice(0, 3).map(({ seq }) => seq)],
    };
  },
);
