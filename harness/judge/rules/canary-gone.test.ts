import { expect, test } from 'vitest';
import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeArgoRollout } from '../argo.ts';

const BEFORE_END_MS = 20_000;

/** Why the pods of a bad release stay, told of a run whose watch saw these fields of an object 20 s before its end. */
function reasonOf(
  kind: 'Pod' | 'ReplicaSet',
  fields: Readonly<Record<string, string | number | boolean>>,
): string {
  const records = syntheticArgoRun({ canary_pods_gone: false });
  const pod = records.findLast(
    (record) =>
      record.source === 'kubernetes' && record.kind === 'object' && record.data.fields['role'] === 'canary',
  );
  if (pod?.source !== 'kubernetes' || pod.kind !== 'object') throw new Error('no pod of the bad release');
  const end = records.at(-1)?.at ?? 0;
  const [, namespace] = pod.subject.split('/');
  const known = kind === 'Pod' ? pod.data.fields : { hash: pod.data.fields.hash ?? '' };
  const seen: TimelineRecord = {
    ...pod,
    seq: records.length + 1,
    at: end - BEFORE_END_MS,
    subject: kind === 'Pod' ? pod.subject : `ReplicaSet/${namespace}/set`,
    data: { verb: 'modified', resource_version: '1', fields: { ...known, ...fields } },
  };
  const all = [...records, seen].toSorted((left, right) => left.at - right.at);
  const { rules } = judgeArgoRollout(new Timeline(all));
  return rules.find(({ rule }) => rule === 'canary-gone')?.reason ?? 'not judged';
}

test('a pod that does not end says since when it was asked to', () => {
  expect(reasonOf('Pod', { terminating: true })).toContain(
    '(asked to leave 20.0 s before the end of the watch)',
  );
});

test('a pod that nobody asked to end says what its set is told', () => {
  const scale_down_at = new Date(0).toISOString();
  expect(reasonOf('ReplicaSet', { replicas: 1, scale_down_at })).toMatch(
    /\(never asked to leave: its ReplicaSet asks for 1 pods, to be scaled down \d+\.\d s before the end of the watch\)/,
  );
  expect(reasonOf('ReplicaSet', { replicas: 1 })).toContain('asks for 1 pods, to be scaled down at no time)');
  expect(reasonOf('ReplicaSet', {})).toContain('asks for an unknown number of pods');
});
