import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** Messages of severity error about the Canary: Flagger sends them before it writes phase Failed. */
export const f8 = contractRule('F8', (facts) => {
  const { namespace, app, interval_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  facts.requireObserver('chat');
  const { shipped } = facts;
  const failed = facts.endState('rollback');
  if (!failed) throw new MissingEvidence('there was no rollback to tell of');
  if (facts.load_end - failed.at < interval_s * 500) {
    throw new MissingEvidence('the chat was not watched long enough after the rollback');
  }
  const told = facts.timeline
    .of('chat', 'message')
    .filter(
      ({ at, subject, data }) =>
        at >= shipped.at &&
        subject === `Canary/${namespace}/${app}` &&
        data.sender === 'flagger' &&
        data.severity === 'danger',
    );
  return {
    outcome: told.length > 0 ? 'pass' : 'fail',
    reason:
      told.length > 0
        ? `told of it: ${told.map(({ data }) => `"${data.text}"`).join(', ')}`
        : `rolled back ${((failed.at - shipped.at) / 1000).toFixed(1)} s after shipping, and nobody was told`,
    limit: '>= 1 message of severity error',
    measured: `${told.length} messages`,
    evidence: [failed.seq, ...told.map(({ seq }) => seq)],
  };
});
