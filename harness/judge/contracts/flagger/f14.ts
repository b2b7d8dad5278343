import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, isYes, HOOKS } from './calls.ts';
import { type Breach, declaredFrom, stateAt, unlessBroken } from './seen.ts';

/** Each refused or late call of the rollout hook counts as one failed check, steps stop, and the threshold rolls back. */
export const f14 = contractRule('F14', (facts) => {
  facts.requireObserver('kubernetes');
  const { threshold, interval_s } = facts.flagger;
  const failing = callsOf(facts, HOOKS.rollout).filter((call) => !isYes(call));
  const late = failing.filter(({ data }) => data.status === 0);
  const [first] = failing;
  if (!first || late.length === 0 || late.length === failing.length) {
    throw new MissingEvidence(
      `${failing.length - late.length} calls of the hook were refused and ${late.length} were late: both are needed`,
    );
  }
  const states = facts.rollout_states;
  const before = Number(stateAt(states, first.at)?.data.fields.failed_checks ?? 0);
  const most = Math.max(...states.map(({ data }) => Number(data.fields.failed_checks)));
  const advanced = declaredFrom(facts, first.seq).find(({ data }) => data.canary_pct > 0);
  const reached = states.find(({ data }) => Number(data.fields.failed_checks) >= threshold);
  const failed = facts.endState('rollback');
  const limit_s = interval_s + WITHDRAWAL_SLACK_S;
  const took_s = failed && reached ? (failed.at - reached.at) / 1000 : Number.POSITIVE_INFINITY;
  const evidence = [
    ...failing.map(({ seq }) => seq),
    ...(reached ? [reached.seq] : []),
    ...(failed ? [failed.seq] : []),
  ];
  const breaches: (Breach | undefined)[] = [
    most - before === failing.length
      ? undefined
      : { reason: `${failing.length} failing calls counted as ${most - before} failed checks`, evidence },
    advanced
      ? {
          reason: `the weight went to ${advanced.data.canary_pct} % while the hook failed`,
          evidence: [advanced.seq],
        }
      : undefined,
    took_s <= limit_s
      ? undefined
      : {
          reason: Number.isFinite(took_s)
            ? `rolled back only ${took_s.toFixed(1)} s after the threshold`
            : 'never rolled back',
          evidence,
        },
  ];
  return unlessBroken(breaches, {
    reason: `${failing.length - late.length} refused and ${late.length} late calls counted as ${most - before} failed checks; rolled back ${took_s.toFixed(1)} s after the threshold of ${threshold}`,
    limit: `1 failed check each, no step, rolled back ${atMost(limit_s, 's')} after the threshold`,
    measured: `${most - before} failed checks, ${took_s.toFixed(1)} s`,
    derivation: `interval ${interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
    evidence,
  });
});
