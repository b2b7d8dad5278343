import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** Pods of the primary that ran the release and were ready at a moment. */
function readyPods(facts: Facts, at: EpochMs): number {
  const { namespace, app, next_release } = facts.flagger;
  const pods = new Map<string, RecordOf<'kubernetes', 'object'>>();
  for (const record of facts.timeline.of('kubernetes', 'object')) {
    if (record.at <= at && record.subject.startsWith(`Pod/${namespace}/${app}-primary-`)) {
      pods.set(record.subject, record);
    }
  }
  return [...pods.values()].filter(
    ({ data: { verb, fields } }) =>
      verb !== 'deleted' && fields.release === next_release && fields.ready === true && !fields.terminating,
  ).length;
}

/** The canary loses its traffic, and then its pods, only once the primary's pods are ready with the release. */
export const f11 = contractRule('F11', (facts) => {
  const { namespace, app, max_weight_pct } = facts.flagger;
  facts.requireObserver('kubernetes');
  facts.requireObserver('gateway');
  const objects = facts.timeline.of('kubernetes', 'object');
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  if (!promoting) throw new MissingEvidence('the promotion never began');
  const wanted = Number(
    objects.findLast(
      ({ at, subject }) => at <= promoting.at && subject === `Deployment/${namespace}/${app}-primary`,
    )?.data.fields.replicas,
  );
  if (!(wanted > 0)) throw new MissingEvidence('the primary was not observed before the promotion');
  const left = facts.weight_periods.find(
    ({ from, canary_pct }) => from > promoting.at && canary_pct < max_weight_pct,
  );
  const scaled = objects.find(
    ({ at, subject, data }) =>
      at > promoting.at && subject === `Deployment/${namespace}/${app}` && data.fields.replicas === 0,
  );
  if (!left || !scaled) throw new MissingEvidence('the promotion was not watched to its end');
  const at_left = readyPods(facts, left.from);
  const at_scaled = readyPods(facts, scaled.at);
  const left_s = ((left.from - promoting.at) / 1000).toFixed(1);
  const scaled_s = ((scaled.at - promoting.at) / 1000).toFixed(1);
  return {
    outcome: at_left >= wanted && at_scaled >= wanted && scaled.at >= left.from ? 'pass' : 'fail',
    reason: `traffic left the canary ${left_s} s after the promotion began, with ${at_left} of ${wanted} pods of the primary ready, and its pods were scaled down after ${scaled_s} s, with ${at_scaled}`,
    limit: `${wanted} ready pods of the primary at both moments`,
    measured: `${at_left} and ${at_scaled} pods`,
    evidence: [promoting.seq, left.seq, scaled.seq],
  };
});
