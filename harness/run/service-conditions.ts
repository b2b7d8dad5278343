import type { RecordOf } from '#harness/core/timeline.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';

/** Exactly so many pods of a namespace are left, all of them ready and none on its way out. */
export function podsSettled(namespace: string, pods: number): TimelineCondition {
  return {
    awaited: `${pods} pods in ${namespace}, all of them ready`,
    holds: (timeline) => {
      const last = new Map<string, RecordOf<'kubernetes', 'object'>>();
      for (const record of timeline.of('kubernetes', 'object')) {
        if (record.subject.startsWith(`Pod/${namespace}/`)) last.set(record.subject, record);
      }
      const left = [...last.values()].filter((record) => record.data.verb !== 'deleted');
      return (
        left.length === pods &&
        left.every(({ data }) => data.fields.ready === true && data.fields.terminating !== true)
      );
    },
  };
}

/** Exactly so many pods of a release are left, all of them ready, and none of another; what is no release is not counted. */
export function releaseSettled(namespace: string, release: string, pods: number): TimelineCondition {
  return {
    awaited: `${pods} pods of release ${release} in ${namespace} and no others, all of them ready`,
    holds: (timeline) => {
      const last = new Map<string, RecordOf<'kubernetes', 'object'>>();
      for (const record of timeline.of('kubernetes', 'object')) {
        if (record.subject.startsWith(`Pod/${namespace}/`) && record.data.fields.release)
          last.set(record.subject, record);
      }
      const left = [...last.values()].filter((record) => record.data.verb !== 'deleted');
      return (
        left.length === pods &&
        left.every(
          ({ data }) =>
            data.fields.release === release && data.fields.ready === true && data.fields.terminating !== true,
        )
      );
    },
  };
}
