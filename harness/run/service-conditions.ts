import type { RecordOf, Timeline } from '#harness/core/timeline.ts';
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

/** Pods that carry the name of a release and are there, by what was recorded last. */
function releasePods(timeline: Timeline, within: string): readonly RecordOf<'kubernetes', 'object'>[] {
  const last = new Map<string, RecordOf<'kubernetes', 'object'>>();
  for (const record of timeline.of('kubernetes', 'object')) {
    if (record.subject.startsWith(within) && record.data.fields.release) last.set(record.subject, record);
  }
  return [...last.values()].filter(({ data }) => data.verb !== 'deleted');
}

/** Exactly so many pods of a release are left of an app, all of them ready, and none of another release. */
export function releaseSettled(
  { namespace, app }: { readonly namespace: string; readonly app: string },
  release: string,
  pods: number,
): TimelineCondition {
  return {
    awaited: `${pods} pods of release ${release} of ${app} in ${namespace} and no others, all of them ready`,
    holds: (timeline) => {
      const left = releasePods(timeline, `Pod/${namespace}/${app}-`);
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

/** No pod of a release is there any more, not even one that ends. */
export function releaseGone(namespace: string, release: string): TimelineCondition {
  return {
    awaited: `the last pod of release ${release} in ${namespace} to be gone`,
    holds: (timeline) =>
      releasePods(timeline, `Pod/${namespace}/`).every(({ data }) => data.fields.release !== release),
  };
}
