import { flaggerWayBack, flaggerWeights } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { declaredFrom } from './seen.ts';

function list(weights: readonly number[]): string {
  return weights.length === 0 ? 'none' : `${weights.join(', ')} %`;
}

/**
 * The weights that the gateway was told from the last return to 0 before the first of them: those of the
 * specification up, each once, then those of the way back.
 */
export const f25 = contractRule('F25', (facts) => {
  const spec = facts.flagger;
  const wanted = [...flaggerWeights(spec), ...flaggerWayBack(spec)];
  const declared = declaredFrom(facts, facts.shipped.seq);
  // A new revision in the middle of an analysis first goes back to 0.
  const seen = declared[0]?.data.canary_pct === 0 ? declared.slice(1) : declared;
  const weights = seen.map(({ data }) => Math.round(data.canary_pct));
  if (weights.length === 0) throw new MissingEvidence('no weight was declared after shipping');
  if (!facts.endState('promotion')) throw new MissingEvidence('the release was never promoted');
  const holds = weights.length === wanted.length && weights.every((pct, index) => pct === wanted[index]);
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: `declared ${list(weights)}${holds ? '' : `, not ${list(wanted)}`}`,
    limit: list(wanted),
    measured: list(weights),
    derivation: spec.step_weights_pct
      ? 'stepWeights as listed'
      : `steps of ${spec.step_weight_pct} % until ${spec.max_weight_pct} % is reached`,
    evidence: seen.map(({ seq }) => seq),
  };
});
