import { exposureBudget } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

/**
 * From the first share of users to phase Failed, by the Canary's own states, its count of failed checks by then, and the
 * specs that it says were applied and promoted last: they differ for as long as a release stays rolled back.
 */
export const f1 = contractRule('F1', (facts) => {
  const { threshold } = facts.flagger;
  facts.requireObserver('kubernetes');
  const states = facts.rollout_states;
  const first = states.find(({ data }) => Number(data.fields.weight_pct) > 0);
  if (!first) throw new MissingEvidence('the canary was never given a share of the traffic');
  const budget = exposureBudget(facts.spec);
  const failed = facts.endState('rollback');
  const limit = `phase Failed ${atMost(budget.seconds, 's')} after the first weight, weight 0`;
  if (!failed) return { outcome: 'fail', reason: 'the Canary never failed', limit, evidence: [first.seq] };
  const took_s = (failed.at - first.at) / 1000;
  const counted = Math.max(...states.map(({ data }) => Number(data.fields.failed_checks)));
  const last = facts.last_rollout_state.data.fields;
  const weight_pct = Number(last.weight_pct);
  const { last_applied, last_promoted } = last;
  const differ = last_applied === undefined || last_applied !== last_promoted;
  const holds = took_s <= budget.seconds && counted >= threshold && weight_pct === 0 && differ;
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: `Failed ${took_s.toFixed(1)} s after the first weight, ${counted} failed checks, last weight ${weight_pct} %${differ ? '' : ', and its spec counts as promoted'}`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence: [first.seq, failed.seq],
  };
});
