import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { answersOf } from '../model/answers.ts';
import { factsOf } from '../model/run-facts.ts';
import { timeAxisOf, timeLabel } from './layout.ts';
import { darkChartRules, PALETTE } from './palette.ts';
import { allowedShare_pct, bandsOf, measuredShare_pct } from './points.ts';

describe('timeAxisOf', () => {
  it('covers the span with round steps and few labels', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000, max: 0 }).map((value_ms) => value_ms / 1000),
        fc.integer({ min: 0, max: 100_000_000 }).map((value_ms) => value_ms / 1000),
        fc.integer({ min: 4, max: 14 }),
        (from_s, to_s, ticks) => {
          const axis = timeAxisOf(from_s, to_s, ticks);
          expect(axis.min_s).toBeLessThanOrEqual(from_s);
          expect(axis.max_s).toBeGreaterThanOrEqual(to_s);
          expect((axis.max_s - axis.min_s) / axis.step_s).toBeLessThanOrEqual(ticks + 2);
          expect(Math.abs(axis.min_s % axis.step_s)).toBe(0);
        },
      ),
    );
  });

  it('labels short axes in seconds and long ones in minutes', () => {
    const short = timeAxisOf(-15, 60, 12);
    expect([-10, 0, 50].map((value) => timeLabel(value, short))).toEqual(['\u221210 s', '0', '+50 s']);
    const long = timeAxisOf(-15, 600, 12);
    expect([-60, 90].map((value) => timeLabel(value, long))).toEqual(['\u22121:00', '+1:30']);
  });
});

describe('PALETTE', () => {
  it('has no light colour twice, because the dark theme swaps colours one by one', () => {
    const lights = Object.values(PALETTE).map(({ light }) => light);
    expect(new Set(lights).size).toBe(lights.length);
    for (const { dark } of Object.values(PALETTE)) expect(darkChartRules()).toContain(dark);
  });
});

describe('shares', () => {
  const facts = factsOf(new Timeline(syntheticRun({ measured_canary_pct: 50 })));
  const { bins } = answersOf(facts);

  it('shows a gateway that ignores weights outside of what chance allows', () => {
    const during = bins.filter((bin) => bin.from > facts.origin + 12_000 && bin.to < facts.origin + 38_000);
    expect(during.length).toBeGreaterThan(20);
    for (const bin of during) {
      expect(measuredShare_pct(facts, bin)).toBeGreaterThan(allowedShare_pct(facts, bin)?.[1] ?? Infinity);
    }
  });

  it('has no share for a bin without answers', () => {
    const empty = {
      from: 0,
      to: 1,
      counts: new Map(),
      total: 0,
      bad: 0,
      latency: new Map(),
      by_release: new Map(),
    };
    expect(measuredShare_pct(facts, empty)).toBeUndefined();
    expect(allowedShare_pct(facts, empty)).toBeUndefined();
  });
});

describe('bandsOf', () => {
  it('stacks harm on top and names it', () => {
    const facts = factsOf(new Timeline(syntheticRun({ lost_requests: 2, stray_bad_answers: 2 })));
    const bands = bandsOf(facts, answersOf(facts).kinds);
    expect(bands.map((band) => band.label)).toEqual([
      'v1 \u2192 200, 201',
      'v2 \u2192 200, 201',
      'v1 \u2192 500 bad',
      'v2 \u2192 500 bad',
      'no answer',
    ]);
  });
});
