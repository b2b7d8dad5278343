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

type PodRecord = RecordOf<'kubernetes', 'object'>;

/** What the watch of the pods of a namespace said, up to and with one of its records. */
export interface PodsAt {
  readonly record: PodRecord;
  /** Pods that are there, by their subject; one that ends is there until it is gone. */
  readonly there: ReadonlyMap<string, PodRecord>;
}

/** Each change of the pods of a namespace that carry the name of a release, in order, with the pods that were there then. */
export function* podsOverTime(timeline: Timeline, namespace: string): Generator<PodsAt> {
  const there = new Map<string, PodRecord>();
  for (const record of timeline.of('kubernetes', 'object')) {
    if (!record.subject.startsWith(`Pod/${namespace}/`) || !record.data.fields.release) continue;
    if (record.data.verb === 'deleted') there.delete(record.subject);
    else there.set(record.subject, record);
    yield { record, there };
  }
}
