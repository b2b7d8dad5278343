import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

/**
 * From the moment at which the chat had the message that the release is given up, to the first declared weight of 0. The
 * chat has a message at once, however late it answers.
 */
export const s5 = contractRule('S5', (facts) => {
  facts.requireObserver('chat');
  facts.requireObserver('gateway');
  const slow = facts.timeline.of('fault', 'proven_on').filter(({ data }) => data.fault === 'chat-slow');
  if (slow.length === 0) throw new MissingEvidence('the chat was never slow');
  const told = facts.timeline
    .of('chat', 'message')
    .find(
      ({ at, data }) =>
        at >= facts.shipped.at && data.severity === 'danger' && /threshold|abort/i.test(data.text),
    );
  if (told === undefined) throw new MissingEvidence('the chat never heard that the release was given up');
  const served = facts.weight_periods.filter(({ to }) => to > facts.shipped.at);
  const last = served.findLast(({ canary_pct }) => canary_pct > 0);
  if (last === undefined) throw new MissingEvidence('the release was never given a share of the traffic');
  const withdrawn = served.find(({ from, canary_pct }) => from >= last.to && canary_pct === 0);
  const limit = `withdrawn ${atMost(WITHDRAWAL_SLACK_S, 's')} after it was told`;
  const evidence = [told.seq, last.seq, ...slow.map(({ seq }) => seq)];
  if (withdrawn === undefined) {
    return { outcome: 'fail', reason: 'the traffic was never withdrawn', limit, evidence };
  }
  const took_s = (withdrawn.from - told.at) / 1000;
  return {
    outcome: took_s <= WITHDRAWAL_SLACK_S ? 'pass' : 'fail',
    reason: `users were kept on the release for ${took_s.toFixed(1)} s after the chat had been told that it is given up`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    evidence: [...evidence, withdrawn.seq],
  };
});
