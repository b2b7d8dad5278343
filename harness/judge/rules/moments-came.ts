import { rule } from '../rule.ts';

/**
 * Each act that was timed to a moment of the rollout was carried out. One whose moment never came leaves the rollout
 * as it would have been without it, which proves nothing.
 */
export const momentsCame = rule(
  'moments-came',
  'every act during the rollout came to its moment',
  (facts) => {
    const { moments = [] } = facts.spec;
    const phases = facts.timeline.of('harness', 'phase');
    const found = moments.map((name) => ({
      name,
      done: phases.find(({ subject, data }) => subject === name && data.state === 'done'),
    }));
    const missed = found.filter(({ done }) => done === undefined).map(({ name }) => name);
    return {
      outcome: missed.length === 0 ? 'pass' : 'inconclusive',
      reason:
        missed.length === 0
          ? `carried out: ${moments.join(', ')}`
          : `not carried out, so nothing is proven: ${missed.join(', ')}`,
      limit: 'every act',
      measured: `${moments.length - missed.length} of ${moments.length} acts`,
      evidence: found.flatMap(({ done }) => (done ? [done.seq] : [])),
    };
  },
);
