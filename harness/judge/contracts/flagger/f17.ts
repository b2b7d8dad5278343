import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, HOOKS } from './calls.ts';
import { actBegan, type Breach, unlessBroken } from './seen.ts';

/** Name of the act that makes the rollback hook say yes. */
const ASK = 'ask for the rollback';

/** From the moment at which the rollback was asked for, in whichever phase the Canary was then, to phase Failed. */
export const f17 = contractRule('F17', (facts) => {
  facts.requireObserver('kubernetes');
  const { interval_s } = facts.flagger;
  const asked = actBegan(facts, ASK);
  const before = facts.rollout_states.findLast(({ at }) => at <= asked.at);
  if (!before) throw new MissingEvidence('the Canary was not seen before the rollback was asked for');
  const phase = String(before.data.fields.phase);
  const limit_s = interval_s + WITHDRAWAL_SLACK_S;
  const failed = facts.endState('rollback');
  const took_s = failed ? (failed.at - asked.at) / 1000 : Number.POSITIVE_INFINITY;
  const progressing = facts.rollout_states.find(
    ({ at, data }) => at > asked.at && data.fields.phase === 'Progressing',
  );
  const until = progressing ?? failed;
  const calls = callsOf(facts, HOOKS.rollback).filter(
    ({ at }) => at >= asked.at && (until === undefined || at < until.at),
  );
  const words = failed ? `only after ${took_s.toFixed(1)} s` : 'never';
  const later =
    phase === 'Waiting' && progressing && failed
      ? `; once in Progressing, ${((failed.at - progressing.at) / 1000).toFixed(1)} s later`
      : '';
  const evidence = [
    asked.seq,
    before.seq,
    ...(progressing ? [progressing.seq] : []),
    ...(failed ? [failed.seq] : []),
  ];
  const breach: Breach | undefined =
    took_s <= limit_s
      ? undefined
      : {
          reason: `asked for in phase ${phase}, the rollback came ${words}: the hook was called ${calls.length} times in that phase${later}`,
          evidence,
        };
  return unlessBroken([breach], {
    reason: `asked for in phase ${phase}, the rollback came after ${took_s.toFixed(1)} s`,
    limit: `phase Failed ${atMost(limit_s, 's')} after it was asked for`,
    measured: failed ? `${took_s.toFixed(1)} s` : 'never',
    derivation: `interval ${interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
    evidence,
  });
});
