import type { RolloutSpec, TimelineRecord } from '#harness/core/timeline.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';

/** The chat was told how the rollout ended. */
export function told({ app, namespace }: RolloutSpec): TimelineCondition {
  return {
    awaited: `a message about the end of the rollout of ${app}`,
    holds: (timeline) =>
      timeline
        .of('chat', 'message')
        .some(
          (record) =>
            record.subject === `Canary/${namespace}/${app}` &&
            (record.data.severity === 'danger' || record.data.text.includes('promotion finished')),
        ),
  };
}

/** The alert is neither pending nor firing: what users met has left its window. */
export function alertInactive({ alert }: RolloutSpec): TimelineCondition {
  return {
    awaited: `alert ${alert.name} to be inactive`,
    holds: (timeline) =>
      timeline.of('prometheus', 'alert').findLast((record) => record.subject === alert.name)?.data.state ===
      'inactive',
  };
}

/** All pods of the shipped release that were seen are deleted. */
export function canaryPodsGone({ namespace, next_release }: RolloutSpec): TimelineCondition {
  return {
    awaited: `the pods of release ${next_release} to be gone`,
    holds: (timeline) => {
      const last = new Map<string, TimelineRecord>();
      for (const record of timeline.of('kubernetes', 'object')) {
        const isPod =
          record.subject.startsWith(`Pod/${namespace}/`) && record.data.fields.release === next_release;
        if (isPod) last.set(record.subject, record);
      }
      return [...last.values()].every((record) => record.kind === 'object' && record.data.verb === 'deleted');
    },
  };
}
