import { disagreements } from '../orders-told.ts';
import { someOf } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { completeFates } from './recovery-point.ts';

/** What customers were told of their orders is what the database holds, whichever release took them on whichever schema. */
export const migrationOrdersKept = rule(
  'no-order-lost',
  'every accepted order is there as it was accepted, once, and none that was refused',
  (facts) => {
    const { accepted, held, refused, unknown, seqs } = completeFates(facts);
    const { changed, refused: there, twice, strangers } = disagreements(facts, held);
    const problems = [
      ...held.lost.map(({ id }) => `${id} was accepted and is not there`),
      ...changed,
      ...there,
      ...twice,
      ...strangers,
    ];
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${accepted.length} orders were accepted and are there; of ${refused.length} that were refused none is; ${unknown.length} had no answer, and ${held.unknown.length} of them are there`
          : someOf(problems),
      limit: '0 orders lost, changed, doubled, or there against what was told',
      measured: `${held.lost.length} lost, ${held.changed.length} changed, ${held.refused.length} refused but there, ${twice.length} doubled, ${held.strangers.length} never placed`,
      evidence: seqs,
      items: problems,
    };
  },
);
