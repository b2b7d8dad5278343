import { END_PHASES } from '../../endings.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, HOOKS } from './calls.ts';
import type { ObjectRecord } from './seen.ts';

function phase({ data }: ObjectRecord): string {
  return String(data.fields.phase);
}

/** States in which a rollout came to its end, each once. */
function ended(facts: Facts): readonly ObjectRecord[] {
  const states = facts.rollout_states;
  return states.filter((state, index) => {
    const before = states[index - 1];
    return (
      END_PHASES.flagger.includes(phase(state)) && before !== undefined && phase(before) !== phase(state)
    );
  });
}

/** The post-rollout hook was called as often as rollouts ended, each time with the phase that it ended in. */
export const f18 = contractRule('F18', (facts) => {
  facts.requireObserver('kubernetes');
  const ends = ended(facts);
  if (ends.length === 0) throw new MissingEvidence('no rollout came to its end');
  const wanted = ends.map(({ data }) => String(data.fields.phase)).join(', ');
  const calls = callsOf(facts, HOOKS.post_rollout);
  const told = calls.map(({ data }) => data.phase).join(', ');
  return {
    outcome: told === wanted ? 'pass' : 'fail',
    reason: `rollouts ended as ${wanted}; the hook was told ${told === '' ? 'nothing' : told}`,
    limit: wanted,
    measured: told === '' ? 'no call' : told,
    evidence: [...ends, ...calls].map(({ seq }) => seq),
  };
});
