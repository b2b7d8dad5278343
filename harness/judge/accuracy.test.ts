import { describe, expect, it } from 'vitest';
import { altered, type Alteration, declaring, without } from '#harness/core/testing/altered.ts';
import { seededRandom } from '#harness/core/testing/random.ts';
import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { decisionOf } from './accuracy.ts';

const latency = declaring({ accuracy: { case: 'latency +12 %', metric: 'latency', seed: 7 } });
const errors = declaring({ accuracy: { case: 'errors 2 %', metric: 'errors', seed: 7 } });

/** Answers of the new release take 40 ms times the factor on average, those of the old one 40 ms. */
function slower(factor: number): Alteration {
  const random = seededRandom(5);
  return (records) =>
    records.map((record): TimelineRecord => {
      if (record.source !== 'load' || record.kind !== 'second') return record;
      const series = record.data.series.map((one) => {
        const mean_ms = (one.release === 'v2' ? factor : 1) * (40 + random() - 0.5);
        return { ...one, sum_ms: one.count * mean_ms };
      });
      return { ...record, data: { ...record.data, series } };
    });
}

const decide = (records: readonly TimelineRecord[], ...changes: readonly Alteration[]) =>
  decisionOf(new Timeline(altered(records, ...changes)));

describe('decisionOf', () => {
  it('says what the controller decided, right or wrong', () => {
    expect(decide(syntheticRun(), latency)).toMatchObject({
      case: 'latency +12 %',
      seed: 7,
      controller: 'flagger',
      expected: 'rollback',
      decided: 'rollback',
    });
    expect(decide(syntheticArgoRun({ expected: 'promotion' }), latency)).toMatchObject({
      controller: 'argo-rollouts',
      expected: 'promotion',
      decided: 'rollback',
    });
    expect(decide(syntheticRun({ outcome: 'promotion', expected: 'rollback' }), latency)).toMatchObject({
      expected: 'rollback',
      decided: 'promotion',
    });
  });

  it('counts nothing that was decided on a full machine, whether it was right or wrong', () => {
    const full = { machine_idle_s: 0.02 };
    expect(() => decide(syntheticRun(full), latency)).toThrow(/no processor time to spare/);
    expect(() => decide(syntheticRun({ ...full, outcome: 'promotion' }), latency)).toThrow(
      /no processor time to spare/,
    );
  });

  it('lets the reference judge look at what clients received', () => {
    expect(decide(syntheticRun(), latency, slower(1.12))?.reference).toMatchObject({ class: 'high' });
    expect(decide(syntheticRun(), latency, slower(1.08))?.reference).toMatchObject({ class: 'pass' });
    expect(decide(syntheticArgoRun(), latency, slower(1.25))?.reference).toMatchObject({ class: 'high' });
    expect(decide(syntheticRun(), latency, slower(1.12))?.reference.mean_ratio).toBeCloseTo(1.12, 2);
  });

  it('lets it look at errors where the case is about errors', () => {
    expect(decide(syntheticRun(), errors)?.reference).toMatchObject({ class: 'high' });
    const good = syntheticRun({ outcome: 'promotion' });
    expect(decide(good, errors)?.reference).toMatchObject({ class: 'pass' });
  });

  it('is no decision where the run is no repetition, and none where nothing was decided', () => {
    expect(decide(syntheticRun())).toBeUndefined();
    expect(() => decide(syntheticRun({ outcome: 'never-rolled-back' }), latency)).toThrow('came to no end');
    expect(() => decide(syntheticRun(), latency, without('gateway'))).toThrow('no declared weight');
  });
});
