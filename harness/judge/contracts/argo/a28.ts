import { promotionBudget } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { statesOf } from './course.ts';

/** Fewest foreign writes of the Rollout during its way, so that some met the controller's own. */
const WRITES_MIN = 20;

/** Foreign writes leave a mark of their own each; the rollout comes to its end in the time that it is promised without them. */
export const a28 = contractRule('A28', (facts) => {
  const { shipped } = facts;
  const budget = promotionBudget(facts.argo);
  const states = statesOf(facts).filter(({ at }) => at >= shipped.at);
  const ended = facts.endState('promotion');
  const until = ended?.at ?? facts.load_end;
  const marks = new Set(
    states.filter(({ at }) => at <= until).flatMap(({ data }) => data.fields['touched'] ?? []),
  );
  if (marks.size < WRITES_MIN)
    throw new MissingEvidence(`the Rollout was written by others ${marks.size} times only`);
  const took_s = (until - shipped.at) / 1000;
  const limit = `promoted ${atMost(budget.seconds, 's')}`;
  const last = states.at(-1);
  const phase = String(last?.data.fields['phase'] ?? 'unknown');
  return {
    outcome: ended && took_s <= budget.seconds ? 'pass' : 'fail',
    reason: ended
      ? `promoted ${took_s.toFixed(1)} s after shipping, with ${marks.size} foreign writes of the Rollout on the way`
      : `still ${phase} ${took_s.toFixed(1)} s after shipping, with ${marks.size} foreign writes`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence: [shipped.seq, ...(ended ? [ended.seq] : []), ...(last ? [last.seq] : [])],
  };
});
