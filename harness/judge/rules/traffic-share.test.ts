import { expect, test } from 'vitest';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRollout } from '../flagger.ts';
import { complaintsOf } from '../testing/complaints.ts';

/** A rollback after which one more answer of the bad release comes, so long after the weight is zero and so long after it was asked. */
function withLateAnswer(late_ms: number, took_ms: number): string[] {
  const records = syntheticRun({ outcome: 'rollback' });
  const zero = records.findLast(
    (record) => record.source === 'gateway' && record.kind === 'weight' && record.data.canary_pct === 0,
  );
  const at = (zero?.at ?? 0) + late_ms;
  const late = records.map((record): TimelineRecord => {
    if (record.source !== 'load' || record.kind !== 'second') return record;
    const { data } = record;
    const [one, ...others] = data.series;
    if (one === undefined || at < data.from || at >= record.at) return record;
    const answer = {
      ...one,
      release: 'v2',
      count: 1,
      sum_ms: took_ms,
      max_ms: took_ms,
      first_at: at,
      last_at: at,
    };
    return { ...record, data: { ...data, series: [{ ...one, count: one.count - 1 }, ...others, answer] } };
  });
  return complaintsOf(judgeRollout(new Timeline(late)));
}

test('an answer that was asked for while the weight was positive may come late', () => {
  expect(withLateAnswer(5_000, 4_500)).toEqual([]);
});

test('one that was asked for when the weight was zero is noticed', () => {
  expect(withLateAnswer(5_000, 20)).toContain('traffic-share: fail');
  expect(withLateAnswer(9_000, 4_500)).toContain('traffic-share: fail');
});
