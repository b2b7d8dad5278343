import type { RolloutSpec } from '../rollout-spec.ts';
import type { Draft, EpochMs, KubernetesObjectData, TimelineRecord } from '../timeline.ts';

/** Changes a recorded or made-up run: for tests of what a rule must notice. */
export type Alteration = (records: readonly TimelineRecord[]) => TimelineRecord[];

function renumbered(
  records: readonly (TimelineRecord | (Draft & { readonly at: EpochMs }))[],
): TimelineRecord[] {
  const ordered = [...records].sort((left, right) => left.at - right.at);
  const placed: TimelineRecord[] = [];
  for (const record of ordered) placed.push({ ...record, seq: placed.length + 1 });
  return placed;
}

/** All alterations, one after the other. */
export function altered(
  records: readonly TimelineRecord[],
  ...changes: readonly Alteration[]
): TimelineRecord[] {
  return changes.reduce<TimelineRecord[]>((left, change) => change(left), [...records]);
}

/** Declares something else of the rollout. */
export function declaring(change: Partial<RolloutSpec>): Alteration {
  return (records) =>
    records.map((record) =>
      record.source === 'harness' && record.kind === 'spec'
        ? { ...record, data: Object.assign({}, record.data, change) }
        : record,
    );
}

/** Takes all records of a source, and of a kind if one is named, away. */
export function without(source: TimelineRecord['source'], kind?: string): Alteration {
  return (records) =>
    records.filter((record) => record.source !== source || (kind !== undefined && record.kind !== kind));
}

/** Adds records at their times. */
export function adding(...drafts: readonly (Draft & { readonly at: EpochMs })[]): Alteration {
  return (records) => renumbered([...records, ...drafts]);
}

/** Changes the recorded fields of objects whose subject begins so; `undefined` leaves a record as it is. */
export function withFields(
  subject: string,
  change: (fields: KubernetesObjectData['fields'], at: EpochMs) => KubernetesObjectData['fields'] | undefined,
): Alteration {
  return (records) =>
    records.map((record) => {
      if (record.source !== 'kubernetes' || record.kind !== 'object' || !record.subject.startsWith(subject)) {
        return record;
      }
      const fields = change(record.data.fields, record.at);
      return fields
        ? { ...record, data: { ...record.data, fields: { ...record.data.fields, ...fields } } }
        : record;
    });
}
