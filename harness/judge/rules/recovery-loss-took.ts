import { recoveryFacts, WHOLE_CLUSTER } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

const ROUTE = '/orders';

/** The loss was real: what clients need of the lost part was away. Otherwise nothing that follows is about a recovery. */
export const lossTook = rule('loss-took', 'what was destroyed was missed by clients', (facts) => {
  const { expectation, destroyed, outage } = recoveryFacts(facts);
  const { loses, restores } = expectation;
  const whole = loses === WHOLE_CLUSTER;
  const orders = facts
    .series(({ route, bad, first_at }) => route === ROUTE && bad && first_at >= destroyed.at - 1000)
    .reduce((sum, { series }) => sum + series.count, 0);
  const missed = whole ? outage !== undefined : !restores || orders > 0;
  const away = outage
    ? `nobody had a good answer for ${secondsText((outage.first_good_at ?? facts.load_end) - outage.last_good_at)}`
    : `there was no second without good answers, and ${orders} orders failed`;
  return {
    outcome: missed ? 'pass' : 'inconclusive',
    reason: missed
      ? `${destroyed.data.what}: ${destroyed.data.how}; ${away}`
      : `${loses} was not missed: ${away}`,
    limit: whole ? 'a second without good answers' : restores ? '> 0 failed orders' : 'recorded',
    measured: away,
    evidence: [destroyed.seq, ...(outage?.seqs ?? [])],
  };
});
