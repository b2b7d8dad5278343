import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { ACTS } from './acts.ts';
import { actAt, type Analysis, analysesOf, endedAt } from './analyses.ts';

/** Pods of the release that were available by then, as its ReplicaSet said last; undefined when none was observed. */
function podsBy(facts: Facts, at: EpochMs): number | undefined {
  const { namespace, next_release } = facts.spec;
  const last = facts.timeline
    .of('kubernetes', 'object')
    .findLast(
      (record) =>
        record.at <= at &&
        record.subject.startsWith(`ReplicaSet/${namespace}/`) &&
        record.data.fields['release'] === next_release,
    );
  return last && Number(last.data.fields['available']);
}

/** A new analysis before the switch that began before the preview was there, in words. */
function tooEarly(facts: Facts, after: readonly Analysis[]): string | undefined {
  const wanted = Number(facts.last_rollout_state.data.fields['replicas']);
  for (const { type, first } of after) {
    if (type !== 'PrePromotion') continue;
    const pods = podsBy(facts, first.at);
    if (pods === undefined) throw new MissingEvidence('no ReplicaSet of the release was observed');
    if (pods < wanted) return `analysed anew while ${pods} of ${wanted} pods were there`;
  }
  return undefined;
}

/** After a retry every sort of analysis that the first try had is run anew, and the release comes to its end by them. */
export const a15 = contractRule('A15', (facts) => {
  const retry = actAt(facts, ACTS.retry);
  if (!retry) throw new MissingEvidence('nobody tried the release again');
  const analyses = analysesOf(facts);
  const before = analyses.filter(({ first }) => first.at < retry.at);
  const after = analyses.filter(({ first }) => first.at >= retry.at);
  if (before.length === 0) throw new MissingEvidence('the first try had no analysis');
  const types = [...new Set(before.map(({ type }) => type))];
  const missing = types.filter((type) => !after.some((one) => one.type === type));
  const again = facts.rollout_states.find(
    ({ at, data }) => at > retry.at + 500 && data.fields['aborted'] === true,
  );
  const cause = after.find((one) => ['Failed', 'Error'].includes(String(one.last.data.fields['phase'])));
  const promoted = facts.endState('promotion');
  const early = tooEarly(facts, after);
  const problem =
    again && !cause
      ? `aborted again ${((again.at - retry.at) / 1000).toFixed(1)} s after the retry, without a new analysis that failed`
      : missing.length > 0
        ? `not analysed anew: ${missing.join(', ')}`
        : early
          ? `${early}${again ? ', and given up again' : ''}`
          : cause
            ? `the new analysis ${cause.name} was ${String(cause.last.data.fields['phase'])}`
            : !promoted
              ? 'the release did not come to its end after the retry'
              : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `analysed anew after the retry (${types.join(', ')}), then promoted`,
    limit: `a new analysis of each sort (${types.join(', ')}) once its pods are there, then the promotion`,
    measured: `${before.length} analyses before the retry, ${after.length} after`,
    evidence: [
      ...before.map((one) => (endedAt(one) ?? one.last).seq),
      retry.seq,
      ...after.map(({ first }) => first.seq),
      ...(again ? [again.seq] : []),
      ...(promoted ? [promoted.seq] : []),
    ],
  };
});
