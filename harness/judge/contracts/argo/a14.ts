import { POD_START_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { describeShortage, SETTLE_S, shortageOf } from './capacity.ts';
import { actsOf, lastAt, numberOf, seconds, statesOf, withdrawnAt } from './course.ts';

/**
 * The stable release grows in the steps of the canary backwards, each with pods of its own; and what is kept for the
 * delay of the abort does not hold the traffic up.
 */
export const a14 = contractRule('A14', (facts) => {
  facts.requireObserver('gateway');
  const { steps } = facts.argo;
  const states = statesOf(facts);
  const [act] = actsOf(facts, /^abort/);
  if (!act) throw new MissingEvidence('nothing was aborted');
  const before = numberOf(lastAt(states, act.from), 'weight_pct');
  if (before === 0) throw new MissingEvidence('the abort came before the first weight');
  const budget_s = steps.length * POD_START_S;
  const zero = withdrawnAt(facts, act.from);
  const short = shortageOf(facts, { sides: ['stable'], from: act.from, until: zero?.at ?? facts.load_end });
  const too_few = short && short.lasted_s > SETTLE_S ? short : undefined;
  const limit = `weight 0 ${atMost(budget_s, 's')}, stable pods too few for ${atMost(SETTLE_S, 's')}`;
  const derivation = `${steps.length} steps backwards x ${POD_START_S} s for their pods`;
  const evidence = [act.seq, ...(zero ? [zero.seq] : []), ...(short ? [short.seq] : [])];
  if (!zero) {
    const watched_s = (facts.load_end - act.from) / 1000;
    const left_pct = numberOf(states.at(-1), 'weight_pct');
    const reason = `${left_pct} % of the traffic was still with the release ${watched_s.toFixed(1)} s after the abort`;
    const outcome = watched_s > budget_s ? 'fail' : 'inconclusive';
    return { outcome, reason, limit, measured: `${left_pct} %`, derivation, evidence };
  }
  const took_ms = zero.at - act.from;
  const holds = took_ms <= budget_s * 1000 && too_few === undefined;
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: too_few
      ? describeShortage(too_few)
      : `from ${before} % to 0 in ${seconds(took_ms)} s, ${short ? describeShortage(short) : 'always with pods enough'}`,
    limit,
    measured: `${seconds(took_ms)} s`,
    derivation,
    evidence,
  };
});
