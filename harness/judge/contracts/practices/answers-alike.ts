import type { ComparisonData, RouteDurations } from '#harness/core/comparison.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** Fewest pairs on which anything can be said, and fewest of a route for its duration. */
const PAIRS_MIN = 100;
const ROUTE_MIN = 20;

/**
 * The new release may take this much longer, and so many ms besides: all pairs are put within two seconds, and with
 * another scenario beside, the middle of 28 durations of one and the same release was seen 12 ms off.
 */
const SLOWER_MAX = 1.5;
const SLACK_MS = 25;

function isSlower({ pairs, old_median_ms, next_median_ms }: RouteDurations): boolean {
  return pairs >= ROUTE_MIN && next_median_ms > SLOWER_MAX * old_median_ms + SLACK_MS;
}

/** What differs, each kind with an example. */
function described({ differences, durations }: ComparisonData): readonly string[] {
  return [
    ...differences.map(({ route, in: where, pairs, examples: [example] }) => {
      const shown = example ? `, for example ${example.request}: ${example.old} became ${example.next}` : '';
      return `${pairs} answers of ${route} differ in ${where}${shown}`;
    }),
    ...durations
      .filter(isSlower)
      .map(
        ({ route, old_median_ms, next_median_ms }) =>
          `${route} takes ${next_median_ms.toFixed(1)} ms, not ${old_median_ms.toFixed(1)} ms`,
      ),
  ];
}

/** The same requests, put to both releases, are answered alike. */
export const c1 = contractRule('C1', (facts) => {
  const compared = facts.timeline.of('load', 'compared');
  const [record] = compared;
  if (!record) throw new MissingEvidence('no answers were compared');
  const { pairs, unanswered } = record.data;
  const answered = pairs - unanswered;
  if (answered < PAIRS_MIN) {
    throw new MissingEvidence(`both releases answered ${answered} requests, fewer than ${PAIRS_MIN}`);
  }
  const differences = described(record.data);
  const differing = record.data.differences.reduce((sum, one) => sum + one.pairs, 0);
  const [first, ...others] = differences;
  return {
    outcome: first === undefined ? 'pass' : 'fail',
    reason:
      first === undefined
        ? `${answered} requests were answered alike`
        : `${first}${others.length > 0 ? `; ${others.join('; ')}` : ''}`,
    limit: `0 of ${answered} differ; <= ${SLOWER_MAX} x the duration + ${SLACK_MS} ms`,
    measured: `${differing} differ`,
    derivation: `the middle of at least ${ROUTE_MIN} durations of a route; fields that name the pod, the release and the request are left aside`,
    evidence: [record.seq],
  };
});
