import { promotionBudget } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { podsOfRelease } from '../../pods.ts';
import { atMost } from '../../rule.ts';
import { FINAL_SECONDS, finalAnswers } from '../../rules/rolled-back.ts';
import { contractRule } from '../contract-rule.ts';
import { lastAt, numberOf, setsOf } from './course.ts';

/** No stable pod was available when the next release was shipped, and that one serves everything in the end. */
export const a30 = contractRule('A30', (facts) => {
  const { namespace, stable_release, next_release } = facts.argo;
  const { shipped } = facts;
  facts.requireObserver('kubernetes');
  const left = lastAt(setsOf(facts, stable_release), shipped.at);
  if (numberOf(left, 'available') > 0)
    throw new MissingEvidence(
      `${numberOf(left, 'available')} stable pods were available when the release was shipped`,
    );
  const budget = promotionBudget(facts.argo);
  const ended = facts.endState('promotion');
  const final = finalAnswers(facts, next_release);
  const pods = podsOfRelease(facts.timeline, { namespace, release: next_release });
  const limit = `promoted ${atMost(budget.seconds, 's')}, then ${next_release} alone`;
  const evidence = [shipped.seq, ...(ended ? [ended.seq] : []), ...(left ? [left.seq] : []), ...final.seqs];
  if (!ended) {
    const phase = String(facts.last_rollout_state.data.fields['phase']);
    const reason = `no stable pod was available, and the release is still ${phase} with ${pods.size} pods`;
    return { outcome: 'fail', reason, limit, derivation: budget.derivation, evidence };
  }
  const took_s = (ended.at - shipped.at) / 1000;
  const whole = final.total > 0 && final.of_release === final.total;
  return {
    outcome: took_s <= budget.seconds && whole ? 'pass' : 'fail',
    reason: `promoted in ${took_s.toFixed(1)} s although no stable pod was available; ${final.of_release} of ${final.total} answers in the last ${FINAL_SECONDS} s came from it`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence,
  };
});
