import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, isYes, HOOKS } from './calls.ts';
import { answersWithin, type Breach, declaredFrom, RECORDED_MS, unlessBroken } from './seen.ts';

/** Each refusal of the pre-rollout hook adds one failed check, and nothing is routed before it says yes. */
export const f13 = contractRule('F13', (facts) => {
  facts.requireObserver('kubernetes');
  const { spec, shipped } = facts;
  const calls = callsOf(facts, HOOKS.pre_rollout);
  const refused = calls.filter((call) => !isYes(call));
  const passed = calls.find(isYes);
  const last = refused.at(-1);
  if (!last) throw new MissingEvidence('the pre-rollout hook was never refused');
  const until = passed?.at ?? facts.endState('rollback')?.at ?? facts.load_end;
  const counted = Math.max(
    0,
    ...facts.rollout_states
      .filter(({ at }) => at < until)
      .map(({ data }) => Number(data.fields.failed_checks)),
  );
  const weights = declaredFrom(facts, shipped.seq).filter(
    ({ at, data }) => at < until && data.canary_pct > 0,
  );
  const met = answersWithin(
    facts,
    { from: shipped.at, to: until - RECORDED_MS },
    ({ release }) => release === spec.next_release,
  );
  const evidence = refused.map(({ seq }) => seq);
  const breaches: (Breach | undefined)[] = [
    counted === refused.length
      ? undefined
      : { reason: `${refused.length} refusals counted as ${counted} failed checks`, evidence },
    weights.length > 0
      ? {
          reason: 'traffic was declared to the release while its hook failed',
          evidence: weights.map(({ seq }) => seq),
        }
      : undefined,
    met > 0 ? { reason: `${met} users met the release while its hook failed`, evidence } : undefined,
  ];
  return unlessBroken(breaches, {
    reason: `${refused.length} refusals counted as ${counted} failed checks, and no user met the release until the hook passed`,
    limit: `${refused.length} failed checks, 0 users`,
    measured: `${counted} failed checks, ${met} users`,
    evidence,
  });
});
