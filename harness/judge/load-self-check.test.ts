import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LoadSecond, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { loadSelfCheck } from './load-self-check.ts';

const START = 1_700_000_000_000;

interface Shape {
  readonly rate_per_s: number;
  readonly length_s: number;
  readonly warm_up_s: number;
  readonly started_at: number;
}

const USUAL: Shape = { rate_per_s: 300, length_s: 60, warm_up_s: 3, started_at: START + 370 };

type Changeable = { -readonly [Key in keyof LoadSecond]: LoadSecond[Key] };

function secondOf(from: number, iterations: number): Changeable {
  const series = {
    release: 'good',
    status: 200,
    route: '/',
    bad: false,
    count: iterations,
    sum_ms: iterations * 2,
    max_ms: 9,
    buckets: [],
    first_at: from,
    last_at: from + 999,
  };
  return {
    from,
    series: [series],
    iterations,
    dropped_iterations: 0,
    vus: 200,
    lag_max_ms: 4,
    cpu_s: 0.1,
  };
}

interface Run {
  seconds: Changeable[];
  ended: { exit_code: number | null; signal: string | null; asked: boolean } | undefined;
}

/** A run as a healthy generator measures it: growing through the warm-up, then the full rate to the middle of a second. */
function timelineOf(shape: Shape, change: (run: Run) => void = () => undefined, subject = 'run'): Timeline {
  const { rate_per_s, length_s, warm_up_s, started_at } = shape;
  const ended_at = started_at + length_s * 1000;
  const first = Math.floor(started_at / 1000) * 1000;
  const seconds: Changeable[] = [];
  for (let from = first; from < ended_at; from += 1000) {
    const to = Math.min(from + 1000, ended_at);
    const warm_at = started_at + warm_up_s * 1000;
    const growing_ms = Math.max(0, Math.min(to, warm_at) - Math.max(from, started_at));
    const full_ms = Math.max(0, to - Math.max(from, warm_at));
    seconds.push(secondOf(from, Math.round((rate_per_s * (growing_ms / 2 + full_ms)) / 1000)));
  }
  const run: Run = { seconds, ended: { exit_code: 105, signal: null, asked: true } };
  change(run);
  const base = { source: 'load', subject } as const;
  const started = {
    profile: 'steady-300',
    rate_per_s,
    duration_s: 600,
    warm_up_s,
    // Half the rate on average, as the seconds of the warm-up have it.
    warm_up_from_per_s: 0,
    url: 'http://127.0.0.1:8080',
  };
  const records: TimelineRecord[] = [{ ...base, kind: 'started', seq: 1, at: started_at, data: started }];
  for (const [index, data] of run.seconds.entries()) {
    records.push({ ...base, kind: 'second', seq: index + 2, at: data.from + 1000, data });
  }
  if (run.ended) records.push({ ...base, kind: 'ended', seq: 10_000, at: ended_at, data: run.ended });
  return new Timeline(records);
}

function verdictOf(change: (run: Run) => void): RuleVerdict {
  return loadSelfCheck(timelineOf(USUAL, change));
}

const shapes = fc.record({
  rate_per_s: fc.constantFrom(300, 1500, 3000),
  length_s: fc.integer({ min: 12, max: 120 }),
  warm_up_s: fc.integer({ min: 0, max: 5 }),
  started_at: fc.integer({ min: START, max: START + 5000 }),
});

/** The verdict on a load whose generator was late by `lag_max_ms` in one of `every` seconds. */
function lag(every: number, lag_max_ms: number): RuleVerdict {
  return verdictOf(({ seconds }) => {
    for (const [index, second] of seconds.entries()) if (index % every === 10) second.lag_max_ms = lag_max_ms;
  });
}

/** The verdict on a load that owed 140 requests at the end of its warm-up and answered so many more right after it. */
function stalled(made_up: number): RuleVerdict {
  return verdictOf(({ seconds }) => {
    for (const [index, by] of [
      [3, -140],
      [4, made_up],
    ] as const) {
      const second = seconds[index];
      if (second) Object.assign(second, secondOf(second.from, second.iterations + by));
    }
  });
}

/** Index of a second that is judged in every shape. */
const judged = fc.integer({ min: 7, max: 10 });

describe('loadSelfCheck', () => {
  it('passes a load that was as offered', () => {
    const verdict = verdictOf(() => undefined);
    expect(verdict.outcome).toBe('pass');
    expect(verdict.measured).toMatch(/^300\.0 of 300 requests\/s .* 0 dropped/);
    expect(verdict.evidence).toEqual([1, 10_000]);
  });

  it('passes every healthy load', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(loadSelfCheck(timelineOf(shape))).toMatchObject({ outcome: 'pass' });
      }),
    );
  });

  it('does not judge the warm-up', () => {
    const verdict = verdictOf(({ seconds }) => {
      Object.assign(seconds[1] ?? {}, { dropped_iterations: 40, lag_max_ms: 900 });
    });
    expect(verdict.outcome).toBe('pass');
  });

  it('does not take requests of the warm-up that were answered after it for a higher rate, and nothing beyond them', () => {
    expect(stalled(140)).toMatchObject({
      outcome: 'pass',
      measured: expect.stringMatching(/^300\.0 of 300/),
    });
    expect(stalled(700)).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('reached'),
    });
  });

  it('counts requests in progress when the load was asked to end', () => {
    const verdict = verdictOf(({ seconds }) => {
      const late = 900;
      for (const second of seconds.slice(-4, -1))
        Object.assign(second, secondOf(second.from, second.iterations - 300));
      const last = seconds.at(-1)?.from ?? 0;
      seconds.push(secondOf(last + 1000, late));
    });
    expect(verdict.outcome).toBe('pass');
  });

  it('forgives one late second but not a starved generator', () => {
    expect(lag(100, 120).outcome).toBe('pass');
    expect(lag(100, 600)).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('starved'),
      starved: true,
    });
    expect(lag(12, 160).outcome).toBe('pass');
    expect(lag(12, 260)).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('starved'),
    });
  });

  it('is inconclusive without any load', () => {
    expect(loadSelfCheck(new Timeline([]))).toMatchObject({ outcome: 'inconclusive', evidence: [] });
  });

  const DEFECTS: Record<string, (run: Run, index: number, size: number) => void> = {
    'requests dropped': ({ seconds }, index, size) => {
      Object.assign(seconds[index] ?? {}, { dropped_iterations: size });
    },
    'a gap': ({ seconds }, index) => void seconds.splice(index, 1),
    'a second measured twice': ({ seconds }, index) => {
      seconds.push(seconds[index] ?? secondOf(0, 0));
    },
    'killed half-way': (run, index) => {
      run.seconds.splice(index);
      run.ended = { exit_code: null, signal: 'SIGKILL', asked: false };
    },
    'ended by itself': (run) => {
      run.ended = { exit_code: 0, signal: null, asked: false };
    },
    'did not stop when asked': (run) => {
      run.ended = { exit_code: null, signal: 'SIGKILL', asked: true };
    },
    'end not recorded': (run) => {
      run.ended = undefined;
    },
    'too slow': ({ seconds }) => {
      for (const second of seconds)
        Object.assign(second, secondOf(second.from, Math.floor(second.iterations * 0.99)));
    },
    'too fast': ({ seconds }) => {
      for (const second of seconds)
        Object.assign(second, secondOf(second.from, Math.ceil(second.iterations * 1.01)));
    },
    'lagging in every second': ({ seconds }, _index, size) => {
      for (const second of seconds) second.lag_max_ms = 200 + size;
    },
    'stopped for a while': ({ seconds }, index, size) => {
      Object.assign(seconds[index] ?? {}, { lag_max_ms: 500 + size });
    },
    'an answer lost': ({ seconds }, index) => {
      Object.assign(seconds[index] ?? {}, { series: [] });
    },
    'processor time unknown': ({ seconds }) => {
      for (const second of seconds) second.cpu_s = 0;
    },
  };

  it.each(Object.entries(DEFECTS))('is inconclusive when the load has the defect: %s', (_name, defect) => {
    fc.assert(
      fc.property(shapes, judged, fc.integer({ min: 1, max: 2000 }), (shape, index, size) => {
        const verdict = loadSelfCheck(timelineOf(shape, (run) => defect(run, index, size)));
        expect(verdict.outcome).toBe('inconclusive');
        expect(verdict.reason).not.toBe('');
        expect(verdict.evidence.length).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('is inconclusive when the load is too short', () => {
    expect(loadSelfCheck(timelineOf({ ...USUAL, length_s: 6 }))).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('only'),
    });
  });

  it('judges each load of a run', () => {
    const whole = timelineOf(USUAL);
    const broken = timelineOf(USUAL, ({ seconds }) => void seconds.splice(20, 2), 'other');
    const verdict = loadSelfCheck(new Timeline([...whole.records, ...broken.records]));
    expect(verdict).toMatchObject({ outcome: 'inconclusive', reason: '2 s of load were not measured.' });
  });
});
