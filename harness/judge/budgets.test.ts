import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import type { ArgoSpec, RolloutSpec } from '#harness/core/rollout-spec.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import {
  exposedTraffic_s,
  exposureBudget,
  exposureBudget_s,
  firstWeight_pct,
  goneBudget,
  promotionBudget_s,
  rollbackBudget_s,
  topWeight_pct,
} from './budgets.ts';
import { measurementsOf, valueOf } from './measurements.ts';
import { Facts } from './facts.ts';

const specOf = (records: TimelineRecord[]): RolloutSpec => new Facts(new Timeline(records)).spec;
const argoOf = (records: TimelineRecord[]): ArgoSpec => new Facts(new Timeline(records)).argo;
const flagger = specOf(syntheticRun());
const argo = argoOf(syntheticArgoRun());
const blue_green = argoOf(syntheticArgoRun({ strategy: 'blue-green', outcome: 'promotion' }));

describe('budgets', () => {
  test("Flagger's exposure is (threshold + 1) x interval", () => {
    expect(exposureBudget_s(flagger)).toBe(32);
    expect(exposedTraffic_s(flagger)).toBeCloseTo(3.2);
    expect(rollbackBudget_s(flagger)).toBe(62);
  });

  test("Argo Rollouts' exposure is initial delay + failure limit x interval", () => {
    expect(exposureBudget(argo)).toEqual({
      seconds: 10 + 2 * 5 + 3 + 2,
      derivation: 'initial delay 10 s + failure limit 2 x interval 5 s + 3 x 1 s + 2 s',
    });
    expect(goneBudget(argo).seconds).toBe(35);
  });

  test('a release that is aborted at its first weight is given no more than that', () => {
    expect(firstWeight_pct(argo)).toBe(10);
    expect(topWeight_pct(argo)).toBe(50);
    expect(exposedTraffic_s(argo)).toBeCloseTo(2.5);
  });

  test('steps that are shorter than the analysis give a bad release more, and all of it after the last', () => {
    const steps = [
      { weight_pct: 10, pause_s: 5 },
      { weight_pct: 50, pause_s: 10 },
    ];
    expect(exposedTraffic_s({ ...argo, steps })).toBeCloseTo(0.5 + 5 + 10);
  });

  test('a blue/green release is given everything at once', () => {
    expect(firstWeight_pct(blue_green)).toBe(100);
    expect(topWeight_pct(blue_green)).toBe(100);
    expect(exposedTraffic_s(blue_green)).toBe(exposureBudget_s(blue_green));
  });

  test('a promotion may take its pauses or its analyses, and the start of its pods', () => {
    expect(promotionBudget_s(argo)).toBe(15 + 45 + 6 + 15);
    expect(promotionBudget_s(blue_green)).toBe(15 + 2 * (10 + 5 + 2) + 5 + 15);
  });

  test('more patience never makes a budget smaller', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 60 }), (limit, more, interval_s) => {
        const strict = { ...argo, interval_s, failure_limit: limit };
        const patient = { ...strict, failure_limit: limit + more };
        expect(exposureBudget_s(patient)).toBeGreaterThanOrEqual(exposureBudget_s(strict));
        expect(exposedTraffic_s(patient)).toBeGreaterThanOrEqual(exposedTraffic_s(strict));
        expect(exposedTraffic_s(patient)).toBeLessThanOrEqual(exposureBudget_s(patient));
      }),
    );
  });
});

describe('measurements', () => {
  test.each([
    ['[49.83]', 49.83],
    ['0', 0],
    ['[]', undefined],
    ['[NaN]', undefined],
    ['[+Inf]', undefined],
    ['[1,2]', undefined],
    ['', undefined],
    ['reflect: slice index out of range', undefined],
  ])('the value of %j is %s', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  test('are one for each change of the count, whatever else changes', () => {
    const records = syntheticArgoRun();
    const twice = records.flatMap((record) =>
      record.subject.startsWith('AnalysisRun/') ? [record, record] : [record],
    );
    const found = measurementsOf(new Facts(new Timeline(twice)));
    expect(found.map(({ phase }) => phase)).toEqual(['Failed', 'Failed', 'Failed']);
    expect(found.map(({ value }) => Math.round(value ?? 0))).toEqual([50, 50, 49]);
  });
});
