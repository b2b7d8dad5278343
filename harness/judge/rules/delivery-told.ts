import { deliveryFacts, isOf } from '../delivery-facts.ts';
import { rule } from '../rule.ts';

/** The chat was told what became of the commit: applied in a calm colour, or refused in an alarming one. */
export const deliveryTold = rule('delivery-told', 'the chat is told what became of the commit', (facts) => {
  facts.requireObserver('chat');
  const { expectation, commit } = deliveryFacts(facts);
  const severity = expectation.outcome === 'applied' ? 'good' : 'danger';
  const about = facts.timeline
    .of('chat', 'message')
    .filter(({ at, subject }) => at >= commit.at && subject === expectation.applier);
  const told = about.filter(
    ({ data }) =>
      data.severity === severity &&
      Object.values(data.fields).some((value) => isOf(value, commit.data.revision)),
  );
  const short = commit.data.revision.slice(0, 12);
  return {
    outcome: told.length > 0 ? 'pass' : 'fail',
    reason:
      told.length > 0
        ? `the chat read: ${told[0]?.data.text.split('\n')[0] ?? ''}`
        : `no ${severity} message about ${expectation.applier} names ${short}; ${about.length} others came`,
    limit: '>= 1 message',
    measured: `${told.length} messages`,
    evidence: (told.length > 0 ? told : [commit, ...about]).map(({ seq }) => seq),
  };
});
