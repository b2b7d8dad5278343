import { describe, expect, it } from 'vitest';
import { type SyntheticRunOptions, syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { answersOf } from './answers.ts';
import { harmOf, latencyRows } from './harm.ts';
import { alertSpans, MARKS_MAX, marksOf } from './marks.ts';
import { milestonesOf } from './milestones.ts';
import { factsOf } from './run-facts.ts';

function read(
  options: SyntheticRunOptions = {},
  change: (records: TimelineRecord[]) => TimelineRecord[] = (all) => all,
) {
  const facts = factsOf(new Timeline(change(syntheticRun(options))));
  const answers = answersOf(facts);
  const harm = harmOf(facts, answers);
  return { facts, answers, harm, steps: milestonesOf(facts, harm) };
}

/** Seconds from the shipping to each step, to one digit. */
function moments(run: ReturnType<typeof read>): Record<string, string> {
  return Object.fromEntries(
    run.steps.map((step) => [
      step.id,
      step.at === undefined ? (step.absent ?? 'no data') : ((step.at - run.facts.origin) / 1000).toFixed(1),
    ]),
  );
}

describe('milestonesOf', () => {
  it('splits the time to roll back', () => {
    expect(moments(read())).toEqual({
      shipped: '0.0',
      seen: '0.2',
      ready: '3.5',
      'first-bad': '10.2',
      failing: '20.1',
      withdrawn: '40.1',
      gone: '42.3',
      told: '40.2',
    });
  });

  it('splits the time to promote', () => {
    expect(moments(read({ outcome: 'promotion' }))).toMatchObject({
      'top-weight': '50.0',
      promoting: '60.1',
      promoted: '80.1',
      gone: '82.3',
      told: '80.2',
    });
  });

  it('knows no withdrawal while the canary keeps its weight, and takes no other message for the controller’s', () => {
    expect(moments(read({ outcome: 'never-rolled-back' }))).toMatchObject({
      withdrawn: 'never: the canary kept its weight until the end',
      gone: 'no data',
      told: 'no data',
    });
  });

  it('falls back on the event where the status was not seen', () => {
    const run = read({}, (records) =>
      records.filter((record) => record.source !== 'kubernetes' || record.kind === 'event'),
    );
    expect(moments(run)).toMatchObject({ seen: 'no data', ready: 'no data', failing: '20.0' });
  });

  it('does not call pods gone while one of them lives', () => {
    expect(moments(read({ canary_pods_gone: false }))).toMatchObject({ gone: 'no data' });
  });
});

describe('harmOf', () => {
  it('keeps apart what the release did, what others did and what got no answer', () => {
    const { harm } = read({ stray_bad_answers: 4, lost_requests: 3 });
    expect(harm).toMatchObject({ bad_of_others: 4, no_answer: 3, answers: 21_300 });
    expect(harm?.bad_of_next).toBeGreaterThan(380);
  });

  it('is undefined, not zero, without load', () => {
    expect(read({ load: 'absent' }).harm).toBeUndefined();
  });
});

describe('answersOf', () => {
  it('shows every second of a short run and sums the seconds of a long one', () => {
    expect(read({ rate_per_s: 20 }).answers.bin_s).toBe(1);
    const long = read({ rate_per_s: 20, outcome: 'never-rolled-back', exposure_s: 900 }).answers;
    expect(long.bin_s).toBe(4);
    expect(long.bins.length).toBeLessThanOrEqual(300);
    expect(long.bins.reduce((sum, bin) => sum + bin.total, 0)).toBe(20 * long.seconds.length);
  });

  it('leaves a gap where seconds are missing', () => {
    const { answers } = read({ rate_per_s: 20 }, (records) => {
      const seconds = records.filter((record) => record.kind === 'second');
      const lost = new Set<TimelineRecord>(seconds.slice(10, 20));
      return records.filter((record) => !lost.has(record));
    });
    const gaps = answers.bins.map((bin, index) => bin.from - (answers.bins[index - 1]?.to ?? bin.from));
    expect(Math.max(...gaps)).toBeCloseTo(10_000);
  });

  it('compares latency over the time in which both releases answered', () => {
    const { facts, answers } = read();
    const { rows, both } = latencyRows(facts, answers);
    expect(both).toBe(true);
    expect(rows.map((row) => row.release)).toEqual(['v1', 'v2']);
    for (const row of rows) expect(row.p95_ms).toBeGreaterThan(row.p50_ms ?? Infinity);
  });
});

describe('marksOf', () => {
  it('numbers decisions, alerts and messages in the order of time, without what came before the shipping', () => {
    const { marks } = marksOf(read().facts);
    expect(marks.map((mark) => mark.number)).toEqual(marks.map((_, index) => index + 1));
    expect(marks.map((mark) => mark.at)).toEqual(marks.map((mark) => mark.at).sort((a, b) => a - b));
    expect(marks.map((mark) => mark.text)).toContain(
      'Rolling back shop.shop-demo failed checks threshold reached 2',
    );
    expect(marks.filter((mark) => mark.text.startsWith('Phase is now')).map((mark) => mark.text)).toEqual([
      'Phase is now Progressing',
      'Phase is now Failed',
    ]);
  });

  it('bounds a controller that repeats itself, and says what it left off', () => {
    const { facts } = read({ rate_per_s: 1, outcome: 'never-rolled-back', exposure_s: 3_000 });
    const { marks, left_off } = marksOf(facts);
    expect(marks).toHaveLength(MARKS_MAX);
    expect(left_off).toBeGreaterThan(100);
  });
});

describe('alertSpans', () => {
  it('turns states into spans', () => {
    expect(alertSpans(read().facts).map((span) => span.state)).toEqual(['pending']);
    const firing = alertSpans(read({ outcome: 'never-rolled-back' }).facts);
    expect(firing.map((span) => [span.state, span.to === undefined])).toEqual([
      ['pending', false],
      ['firing', true],
    ]);
  });
});
