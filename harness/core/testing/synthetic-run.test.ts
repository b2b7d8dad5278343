import { describe, expect, it } from 'vitest';
import { type AnswerSeries, Timeline, type TimelineRecord } from '../timeline.ts';
import { type SyntheticRunOptions, syntheticRun } from './synthetic-run.ts';

describe('syntheticRun', () => {
  it('gives the same records for the same seed and others for another', () => {
    expect(syntheticRun({ seed: 7 })).toEqual(syntheticRun({ seed: 7 }));
    expect(syntheticRun({ seed: 7 })).not.toEqual(syntheticRun({ seed: 8 }));
  });

  it.each<SyntheticRunOptions>([
    { outcome: 'rollback' },
    { outcome: 'promotion' },
    { outcome: 'never-rolled-back' },
    { load: 'killed' },
    { load: 'absent', prometheus: false },
  ])('orders the records by time and place: %o', (options) => {
    const records = syntheticRun(options);
    expect(records.map((record) => record.seq)).toEqual(records.map((_, index) => index + 1));
    expect(records.map((record) => record.at)).toEqual(
      records.map((record) => record.at).sort((a, b) => a - b),
    );
  });

  it('exposes users for (threshold + 1) x interval and splits traffic by the weight', () => {
    const series = answers(syntheticRun());
    const bad = series.filter((one) => one.bad);
    const exposure_ms =
      Math.max(...bad.map((one) => one.last_at)) - Math.min(...bad.map((one) => one.first_at));
    expect(exposure_ms).toBeGreaterThan(29_500);
    expect(exposure_ms).toBeLessThanOrEqual(30_000);
    expect(count(series.filter((one) => one.release === 'v2'))).toBeGreaterThan(800);
    expect(count(series.filter((one) => one.release === 'v2'))).toBeLessThan(1_000);
    expect(new Set(bad.map((one) => one.release))).toEqual(new Set(['v2']));
  });

  it('puts every answer into one bucket and inside its second', () => {
    for (const second of new Timeline(syntheticRun({ rate_per_s: 50 })).of('load', 'second')) {
      for (const one of second.data.series) {
        expect(one.buckets.reduce((sum, value) => sum + value, 0)).toBe(one.count);
        expect(one.first_at).toBeGreaterThanOrEqual(second.data.from);
        expect(one.last_at).toBeLessThanOrEqual(second.at);
      }
    }
  });

  it('varies one thing per option', () => {
    const base = { rate_per_s: 50 };
    expect(
      count(answers(syntheticRun({ ...base, lost_requests: 7 })).filter((one) => one.status === 0)),
    ).toBe(7);
    const stray = answers(syntheticRun({ ...base, stray_bad_answers: 5, bad_pct: 0 }));
    expect(count(stray.filter((one) => one.bad))).toBe(5);
    const half = answers(syntheticRun({ ...base, measured_canary_pct: 50 })).filter(
      (one) => one.release === 'v2',
    );
    expect(count(half)).toBeGreaterThan(600);
    const messages = new Timeline(syntheticRun({ ...base, failure_messages: 0 })).of('chat', 'message');
    expect(messages.filter((message) => message.data.severity === 'danger')).toEqual([]);
    const seconds = new Timeline(syntheticRun({ ...base, load: 'starved' })).of('load', 'second');
    expect(seconds.every((second) => second.data.dropped_iterations > 0)).toBe(true);
  });
});

function answers(records: readonly TimelineRecord[]): AnswerSeries[] {
  return new Timeline(records).of('load', 'second').flatMap((second) => second.data.series);
}

function count(series: readonly AnswerSeries[]): number {
  return series.reduce((sum, one) => sum + one.count, 0);
}
