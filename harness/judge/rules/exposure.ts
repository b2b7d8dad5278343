import { exposureBudget } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, rule } from '../rule.ts';

/** How long users met the bad release, from the first to the last bad answer on the load generator's own clock. */
export const exposure = rule(
  'exposure',
  'users meet the bad release no longer than the specification allows',
  (facts) => {
    const { spec } = facts;
    const bad = facts.bad_answers;
    if (bad.length === 0)
      throw new MissingEvidence(`clients met no bad answer of release ${spec.next_release}`);
    const first = bad.reduce((left, right) => (right.series.first_at < left.series.first_at ? right : left));
    const last = bad.reduce((left, right) => (right.series.last_at > left.series.last_at ? right : left));
    const measured_s = (last.series.last_at - first.series.first_at) / 1000;
    const budget = exposureBudget(spec);
    return {
      outcome: measured_s <= budget.seconds ? 'pass' : 'fail',
      reason: `${measured_s.toFixed(1)} s from the first to the last bad answer that a client received`,
      limit: atMost(budget.seconds, 's'),
      measured: `${measured_s.toFixed(1)} s`,
      derivation: budget.derivation,
      evidence: [first.seq, last.seq],
    };
  },
);
