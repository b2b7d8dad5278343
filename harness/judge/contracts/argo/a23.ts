import type { RecordOf } from '#harness/core/timeline.ts';
import { rolloutSubject } from '../../endings.ts';
import type { Facts } from '../../facts.ts';
import { contractRule } from '../contract-rule.ts';
import { analysesOf, endedAt } from './analyses.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** Events of a rollout that are told, each with the words of our templates (fixtures/manifests/argo-rollouts). */
const WORDS = {
  updated: / began$/m,
  step: / completed a step$/m,
  paused: / paused$/m,
  'analysis failed': / failed an analysis$/m,
  'analysis error': / met an analysis that could not measure$/m,
  aborted: /: release \S+ aborted\b/,
  completed: / completed$/m,
} as const;

type Event = keyof typeof WORDS;

/** How often a state is entered from one record to the next. */
function entered(states: readonly State[], holds: (state: State) => boolean): number {
  return states.filter((state, index) => {
    const before = states[index - 1];
    return holds(state) && (before === undefined || !holds(before));
  }).length;
}

/** How often each event happened, by the recorded states alone. */
function happened(facts: Facts): Readonly<Record<Event, number>> {
  const states = facts.rollout_states.filter(({ data }) => data.fields['canary'] !== data.fields['stable']);
  const ended = analysesOf(facts).map((one) => endedAt(one)?.data.fields['phase']);
  const steps = states.reduce((sum, state, index) => {
    const before = Number(states[index - 1]?.data.fields['step'] ?? 0);
    return sum + Math.max(0, Number(state.data.fields['step']) - before);
  }, 0);
  return {
    updated: facts.timeline.of('release', 'shipped').filter(({ at }) => at >= facts.shipped.at).length,
    step: steps,
    paused: entered(states, ({ data }) => data.fields['pauses'] !== ''),
    'analysis failed': ended.filter((phase) => phase === 'Failed').length,
    'analysis error': ended.filter((phase) => phase === 'Error').length,
    aborted: entered(states, ({ data }) => data.fields['aborted'] === true),
    completed: facts.endState('promotion') ? 1 : 0,
  };
}

/** Each event of the rollout is told once, no more and no less, whatever else is told. */
export const a23 = contractRule('A23', (facts) => {
  facts.requireObserver('kubernetes');
  facts.requireObserver('chat');
  const subject = rolloutSubject(facts.spec);
  const messages = facts.timeline
    .of('chat', 'message')
    .filter(
      (one) => one.subject === subject && one.data.channel === 'rollouts' && one.at >= facts.shipped.at,
    );
  const events = Object.entries(happened(facts));
  const counted = events.map(([event, count]) => {
    const words = Object.entries(WORDS).find(([name]) => name === event)?.[1];
    const told = messages.filter(({ data }) => words?.test(data.text) === true).length;
    return { event, count, told };
  });
  const wrong = counted.filter(({ count, told }) => count !== told);
  const text = counted
    .filter(({ count, told }) => count + told > 0)
    .map(({ event, told, count }) => `${event} ${told} of ${count}`)
    .join(', ');
  return {
    outcome: wrong.length === 0 ? 'pass' : 'fail',
    reason:
      wrong.length === 0
        ? `told: ${text}`
        : wrong
            .map(({ event, count, told }) => `${event} happened ${count} times and was told ${told} times`)
            .join('; '),
    limit: 'each event told once',
    measured: text,
    evidence: messages.map(({ seq }) => seq),
  };
});
