import { MissingEvidence } from '../missing-evidence.ts';
import { disagreements } from '../orders-told.ts';
import { recoveryFacts, someOf } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { completeFates } from './recovery-point.ts';

/**
 * What the database holds is what customers were told: nothing that was refused, nothing changed, nothing twice, nothing
 * that nobody placed. An order without an answer may be there or not.
 */
export const ordersTrue = rule(
  'orders-true',
  'the database holds nothing else than customers were told',
  (facts) => {
    recoveryFacts(facts);
    const { held, unknown, seqs } = completeFates(facts);
    if (held.count === 0) throw new MissingEvidence('the database holds no order of this run');
    const { refused, changed, twice, strangers } = disagreements(facts, held);
    const problems = [...refused, ...changed, ...twice, ...strangers];
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${held.count} orders are there as their customers know them; of ${unknown.length} that had no answer, ${held.unknown.length} are there`
          : someOf(problems),
      limit: '0 orders that were refused, changed, doubled or never placed',
      measured: `${held.refused.length} refused, ${held.changed.length} changed, ${twice.length} doubled, ${held.strangers.length} never placed`,
      evidence: seqs,
      items: problems,
    };
  },
);
