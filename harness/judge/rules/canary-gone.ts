import type { RecordOf, Timeline } from '#harness/core/timeline.ts';
import { goneBudget } from '../budgets.ts';
import { endPhase } from '../endings.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { podsOfRelease } from '../pods.ts';
import { atMost, rule } from '../rule.ts';

/** After a rollback nothing of the bad release is left running. */
export const canaryGone = rule('canary-gone', 'the pods of the bad release are gone', (facts) => {
  const { spec } = facts;
  facts.requireObserver('kubernetes');
  const failed = facts.endState('rollback');
  const phase = endPhase(spec, 'rollback');
  const budget = goneBudget(spec);
  const pods = podsOfRelease(facts.timeline, { namespace: spec.namespace, release: spec.next_release });
  if (pods.size === 0) throw new MissingEvidence(`no pod of release ${spec.next_release} was ever observed`);
  const left = [...pods.values()].filter((record) => record.data.verb !== 'deleted');
  const limit = `0 pods ${atMost(budget.seconds, 's', 0)} after phase ${phase}`;
  const evidence = [...pods.values()].map((record) => record.seq);
  if (!failed || left.length > 0) {
    return {
      outcome: 'fail',
      reason:
        left.length > 0
          ? `still there: ${left.map((record) => `${record.subject} (${whyThere(facts.timeline, record)})`).join(', ')}`
          : `the rollout never reached phase ${phase}`,
      limit,
      measured: `${left.length} pods`,
      evidence,
    };
  }
  const lastGone = Math.max(...[...pods.values()].map((record) => record.at));
  const took_s = Math.max(0, (lastGone - failed.at) / 1000);
  return {
    outcome: took_s <= budget.seconds ? 'pass' : 'fail',
    reason: `${pods.size} pods were gone ${took_s.toFixed(1)} s after phase ${phase}`,
    limit,
    measured: `0 pods after ${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence: [failed.seq, ...evidence],
  };
});

/** Who has a pod to thank for still being there, as far as the cluster says: the kubelet, or who scales its set. */
function whyThere(timeline: Timeline, pod: RecordOf<'kubernetes', 'object'>): string {
  const objects = timeline.of('kubernetes', 'object');
  const until = timeline.records.at(-1)?.at ?? pod.at;
  const before_s = (at: number): string =>
    `${((until - at) / 1000).toFixed(1)} s before the end of the watch`;
  const leaving = objects.find(
    ({ subject, data }) => subject === pod.subject && data.fields.terminating === true,
  );
  if (leaving) return `asked to leave ${before_s(leaving.at)}`;
  const { hash } = pod.data.fields;
  const [, namespace] = pod.subject.split('/');
  const set = objects.findLast(
    ({ subject, data }) =>
      hash !== undefined && subject.startsWith(`ReplicaSet/${namespace}/`) && data.fields.hash === hash,
  );
  if (!set) return 'never asked to leave';
  const { replicas, scale_down_at } = set.data.fields;
  const due = typeof scale_down_at === 'string' ? before_s(Date.parse(scale_down_at)) : 'at no time';
  return `never asked to leave: its ReplicaSet asks for ${replicas ?? 'an unknown number of'} pods, to be scaled down ${due}`;
}
