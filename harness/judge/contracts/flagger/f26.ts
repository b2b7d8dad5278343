import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { answersWithin, type Breach, RECORDED_MS, unlessBroken } from './seen.ts';

/** Fewest answers of a group on which it is judged. */
const ANSWERS_MIN = 20;

/** Who met the release, by the group that asked, from the first iteration until it is copied to the primary. */
export const f26 = contractRule('F26', (facts) => {
  facts.requireObserver('kubernetes');
  const { spec, shipped } = facts;
  const { iterations } = facts.flagger;
  if (iterations === undefined) throw new MissingEvidence('no iterations were declared');
  const first = facts.rollout_states.find(({ data }) => Number(data.fields.iterations) > 0);
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  if (!first || !promoting) throw new MissingEvidence('the test never began, or was never over');
  const bound = facts.timeline.of('gateway', 'bound')[0];
  const span = {
    from: first.at + (bound?.data.follow_ms ?? 0) + RECORDED_MS,
    to: promoting.at - RECORDED_MS,
  };
  const met = (group: string, by_next: boolean): number =>
    answersWithin(
      facts,
      span,
      (one) => one.group === group && (one.release === spec.next_release) === by_next,
    );
  const [hits, misses] = [met('marked', true), met('marked', false)];
  const [strays, others] = [met('plain', true), met('plain', false)];
  if (hits + misses < ANSWERS_MIN || strays + others < ANSWERS_MIN) {
    throw new MissingEvidence(
      `${hits + misses} requests matched and ${strays + others} did not: too few to judge`,
    );
  }
  const before = answersWithin(
    facts,
    { from: shipped.at, to: first.at - RECORDED_MS },
    ({ release }) => release === spec.next_release,
  );
  const seen = Math.max(...facts.rollout_states.map(({ data }) => Number(data.fields.iterations)));
  const evidence = [first.seq, promoting.seq];
  const breaches: (Breach | undefined)[] = [
    misses > 0
      ? { reason: `${misses} of ${hits + misses} matching requests missed the release`, evidence }
      : undefined,
    strays > 0 ? { reason: `${strays} requests that do not match met the release`, evidence } : undefined,
    before > 0 ? { reason: `${before} requests met the release before the test began`, evidence } : undefined,
    seen === iterations ? undefined : { reason: `${seen} iterations instead of ${iterations}`, evidence },
  ];
  return unlessBroken(breaches, {
    reason: `all ${hits} matching requests met the release, none of ${others} others did, in ${seen} iterations`,
    limit: `100 % of the matching requests, 0 others, ${iterations} iterations`,
    measured: `${hits} of ${hits + misses}, and ${strays} of ${strays + others}`,
    evidence,
  });
});
