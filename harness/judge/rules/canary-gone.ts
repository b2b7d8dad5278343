import type { RecordOf } from '#harness/core/timeline.ts';
import { TERMINATION_GRACE_S } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, rule } from '../rule.ts';

/** After a rollback nothing of the bad release is left running. */
export const canaryGone = rule('canary-gone', 'the pods of the bad release are gone', (facts) => {
  const { spec } = facts;
  facts.requireObserver('kubernetes');
  const failed = facts.canary_states.find((record) => record.data.fields.phase === 'Failed');
  const pods = new Map<string, RecordOf<'kubernetes', 'object'>>();
  for (const record of facts.timeline.of('kubernetes', 'object')) {
    const isCanaryPod =
      record.subject.startsWith(`Pod/${spec.namespace}/`) && record.data.fields.release === spec.next_release;
    if (isCanaryPod) pods.set(record.subject, record);
  }
  if (pods.size === 0) throw new MissingEvidence(`no pod of release ${spec.next_release} was ever observed`);
  const left = [...pods.values()].filter((record) => record.data.verb !== 'deleted');
  const limit = `0 pods ${atMost(TERMINATION_GRACE_S, 's', 0)} after phase Failed`;
  const evidence = [...pods.values()].map((record) => record.seq);
  if (!failed || left.length > 0) {
    return {
      outcome: 'fail',
      reason:
        left.length > 0
          ? `still there: ${left.map((record) => record.subject).join(', ')}`
          : 'the Canary never reached phase Failed',
      limit,
      measured: `${left.length} pods`,
      evidence,
    };
  }
  const lastGone = Math.max(...[...pods.values()].map((record) => record.at));
  const took_s = Math.max(0, (lastGone - failed.at) / 1000);
  return {
    outcome: took_s <= TERMINATION_GRACE_S ? 'pass' : 'fail',
    reason: `${pods.size} pods were gone ${took_s.toFixed(1)} s after phase Failed`,
    limit,
    measured: `0 pods after ${took_s.toFixed(1)} s`,
    derivation: "Kubernetes' default termination grace",
    evidence: [failed.seq, ...evidence],
  };
});
