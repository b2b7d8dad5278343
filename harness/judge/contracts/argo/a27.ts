import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { describeShortage, SETTLE_S, shortageOf } from './capacity.ts';
import { type ActSpan, actsOf, lastAt, numberOf, type ObjectRecord, setsOf, statesOf } from './course.ts';

/** Pods of a release that had been given up and scaled down, and that the scaling made anew. */
function woken(facts: Facts, states: readonly ObjectRecord[], act: ActSpan): ObjectRecord | undefined {
  const before = lastAt(states, act.from);
  if (before?.data.fields['aborted'] !== true) return undefined;
  const sets = setsOf(facts, facts.argo.next_release);
  if (numberOf(lastAt(sets, act.from), 'replicas') > 0) return undefined;
  return sets.find((set) => set.at > act.from && set.at < act.until && numberOf(set, 'replicas') > 0);
}

/**
 * The acts whose names begin with `scale`: each takes, and throughout each side has the pods that its share of the
 * smallest size asks for, because that was enough for the load.
 */
export const a27 = contractRule('A27', (facts) => {
  facts.requireObserver('gateway');
  const states = statesOf(facts);
  const acts = actsOf(facts, /^scale/);
  const sizes = states.map((state) => numberOf(state, 'replicas')).filter((count) => count > 0);
  const smallest = Math.min(...sizes);
  if (Math.max(...sizes) === smallest)
    throw new MissingEvidence('the Rollout was never seen with another size');
  const short = shortageOf(facts, { sides: ['canary', 'stable'], replicas: smallest });
  const too_few = short && short.lasted_s > SETTLE_S ? short : undefined;
  const anew = acts
    .map((act) => ({ act, set: woken(facts, states, act) }))
    .find(({ set }) => set !== undefined);
  const asked = acts.map(({ name, until }) => `${name}: ${numberOf(lastAt(states, until), 'replicas')}`);
  const problem = anew?.set
    ? `${anew.act.name}: ${numberOf(anew.set, 'replicas')} pods of the release that was given up were asked for again`
    : too_few && describeShortage(too_few);
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${asked.join(', ')} pods; ${short ? describeShortage(short) : 'always pods enough'}`,
    limit: `pods too few for ${atMost(SETTLE_S, 's')}, none of a release that was given up`,
    measured: short ? `${short.lasted_s.toFixed(1)} s` : '0.0 s',
    derivation: `shares of ${smallest} pods, the smallest size on the way`,
    evidence: [
      ...acts.map(({ seq }) => seq),
      ...(anew?.set ? [anew.set.seq] : []),
      ...(short ? [short.seq] : []),
    ],
  };
});
