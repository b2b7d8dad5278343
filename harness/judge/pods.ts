import type { RecordOf, Timeline } from '#harness/core/timeline.ts';

/** The last record of each pod of a release that was observed, by the pod's subject. */
export function podsOfRelease(
  timeline: Timeline,
  { namespace, release }: { readonly namespace: string; readonly release: string },
): ReadonlyMap<string, RecordOf<'kubernetes', 'object'>> {
  const pods = new Map<string, RecordOf<'kubernetes', 'object'>>();
  for (const record of timeline.of('kubernetes', 'object')) {
    if (record.subject.startsWith(`Pod/${namespace}/`) && record.data.fields.release === release) {
      pods.set(record.subject, record);
    }
  }
  return pods;
}
