import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { ACTS } from './acts.ts';
import { actAt, analysesOf, endedAt } from './analyses.ts';

/** Shortest time that a paused release must have been watched for its staying paused to mean anything, in seconds. */
const HELD_MIN_S = 4;

/** An analysis without a conclusion pauses the release where it is; a person's promotion lets it go on, analysed anew. */
export const a3 = contractRule('A3', (facts) => {
  const analyses = analysesOf(facts);
  const open = analyses.find((one) => endedAt(one)?.data.fields['phase'] === 'Inconclusive');
  const ended = open && endedAt(open);
  if (!open || !ended) throw new MissingEvidence('no analysis of the Rollout ended inconclusive');
  const promote = actAt(facts, ACTS.promote);
  if (!promote) throw new MissingEvidence('nobody promoted the paused release');
  const states = facts.rollout_states;
  const paused = states.find(({ data }) => String(data.fields['pauses']).includes('InconclusiveAnalysisRun'));
  const between = states.filter(({ at }) => paused && at >= paused.at && at < promote.at);
  const weights = new Set(between.map(({ data }) => data.fields['weight_pct']));
  const left = between.find(
    ({ data }) => data.fields['phase'] !== 'Paused' || data.fields['aborted'] === true,
  );
  const held_s = paused ? (promote.at - paused.at) / 1000 : 0;
  const anew = analyses.find((one) => one.type === open.type && one.first.at > promote.at);
  const promoted = facts.endState('promotion');
  const problem = !paused
    ? 'the Rollout was not paused'
    : held_s < HELD_MIN_S
      ? undefined
      : left
        ? `it was ${String(left.data.fields['phase'])} before it was promoted`
        : weights.size > 1
          ? `its weight changed while it was paused: ${[...weights].join(', ')}`
          : !anew
            ? 'it was not analysed anew after the promotion'
            : !promoted || promoted.at < promote.at
              ? 'it did not go on to its end after the promotion'
              : undefined;
  if (paused && held_s < HELD_MIN_S) throw new MissingEvidence(`it was held for ${held_s.toFixed(1)} s only`);
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `paused for ${held_s.toFixed(1)} s at ${[...weights].join()} %, then analysed anew and promoted`,
    limit: 'paused at its weight until promoted, then analysed anew and promoted',
    measured: `held ${held_s.toFixed(1)} s`,
    evidence: [
      ended.seq,
      ...(paused ? [paused.seq] : []),
      promote.seq,
      ...(anew ? [anew.first.seq] : []),
      ...(promoted ? [promoted.seq] : []),
    ],
  };
});
