import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, isYes, HOOKS } from './calls.ts';
import { type Breach, declaredAt, declaredFrom, unlessBroken } from './seen.ts';

/** Fewest refusals: only between two of them can something have begun again. */
const REFUSALS_MIN = 2;

/** From the first to the last refusal of the gate of further traffic: the weight stands, and no start is repeated. */
export const f15 = contractRule('F15', (facts) => {
  facts.requireObserver('kubernetes');
  const refused = callsOf(facts, HOOKS.confirm_increase).filter((call) => !isYes(call));
  const [first] = refused;
  const last = refused.at(-1);
  if (!first || !last || refused.length < REFUSALS_MIN) {
    throw new MissingEvidence(`the gate of further traffic refused ${refused.length} times`);
  }
  const weight_pct = declaredAt(facts, first.at);
  const moved = declaredFrom(facts, -1).filter(({ at }) => at > first.at && at <= last.at);
  const started = facts.rollout_events.filter(
    ({ at, data }) => at > first.at && at <= last.at && data.message.startsWith('Starting canary analysis'),
  );
  const again = callsOf(facts, HOOKS.pre_rollout).filter(({ at }) => at > first.at && at <= last.at);
  const breaches: (Breach | undefined)[] = [
    moved.length > 0
      ? {
          reason: `the weight moved from ${weight_pct} % while the gate was closed`,
          evidence: moved.map(({ seq }) => seq),
        }
      : undefined,
    again.length > 0
      ? { reason: `pre-rollout hooks ran ${again.length} times again`, evidence: again.map(({ seq }) => seq) }
      : undefined,
    started.length > 0
      ? {
          reason: `the analysis started ${started.length} times again`,
          evidence: started.map(({ seq }) => seq),
        }
      : undefined,
  ];
  return unlessBroken(breaches, {
    reason: `refused ${refused.length} times: the canary stayed at ${weight_pct} %, and nothing started again`,
    limit: `${weight_pct} %, 0 further starts`,
    measured: `${moved.length} changes, ${again.length + started.length} further starts`,
    evidence: refused.map(({ seq }) => seq),
  });
});
