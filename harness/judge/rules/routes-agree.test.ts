import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timeline, type Draft } from '#harness/core/timeline.ts';
import { routesAgree } from './routes-agree.ts';

const START = Date.UTC(2026, 0, 15, 10);
const FOLLOW_MS = 1500;
const OBJECT = 'HTTPRoute/here/shop';
const POD = 'Pod/contour/envoy-1';

type Change = readonly [at_ms: number, canary_pct: number | 'nothing'];

const weights = (canary_pct: Change[1]) =>
  canary_pct === 'nothing'
    ? { primary_pct: 0, canary_pct: 0 }
    : { primary_pct: 100 - canary_pct, canary_pct };

const observer = (subject: string, state: 'started' | 'lost'): Draft & { at: number } => ({
  at: START,
  source: 'harness',
  kind: 'observer',
  subject,
  data: { state },
});

const declared = (...changes: readonly Change[]): (Draft & { at: number })[] =>
  changes.map(([at, pct]) => ({
    at: START + at,
    source: 'gateway',
    kind: 'weight',
    subject: OBJECT,
    data: { ...weights(pct), read_from: 'object', gateway: 'contour' },
  }));

const live = (subject: string, ...changes: readonly Change[]): (Draft & { at: number })[] =>
  changes.map(([at, pct]) => ({
    at: START + at,
    clock_error_ms: 250,
    source: 'gateway',
    kind: 'weight',
    subject,
    data: { ...weights(pct), read_from: 'live', gateway: 'contour' },
  }));

/** A minute of load around the changes; the rule reads only when it ended. */
const frame: readonly (Draft & { at: number })[] = [
  observer('gateway', 'started'),
  observer('gateway-live', 'started'),
  {
    at: START,
    source: 'gateway',
    kind: 'bound',
    subject: 'here/shop',
    data: { gateway: 'contour', follow_ms: FOLLOW_MS, derivation: 'holdoff and allowance' },
  },
  {
    at: START + 60_000,
    source: 'load',
    kind: 'second',
    subject: 'load',
    data: {
      from: START + 59_000,
      series: [],
      iterations: 0,
      dropped_iterations: 0,
      vus: 0,
      lag_max_ms: 0,
      cpu_s: 0.1,
    },
  },
];

function judge(...drafts: readonly (Draft & { at: number })[][]) {
  const records = [...frame, ...drafts.flat()]
    .toSorted((left, right) => left.at - right.at)
    .map((draft, seq) => ({ seq, ...draft }));
  return routesAgree.judge(new Timeline(records));
}

const DECLARED = declared([0, 0], [10_000, 10], [20_000, 20], [30_000, 0]);

describe('routes-agree', () => {
  test('a data plane that follows in time passes, and its slowest change is named', () => {
    const verdict = judge(DECLARED, live(POD, [100, 0], [10_300, 10], [21_200, 20], [30_200, 0]));
    expect(verdict).toMatchObject({ outcome: 'pass', measured: '1.20 s', limit: '<= 1.50 s' });
  });

  test('any delay within the bound passes', () => {
    const delay = fc.integer({ min: 1, max: FOLLOW_MS });
    fc.assert(
      fc.property(delay, delay, delay, (first, second, third) => {
        const served = live(POD, [100, 0], [10_000 + first, 10], [20_000 + second, 20], [30_000 + third, 0]);
        expect(judge(DECLARED, served).outcome).toBe('pass');
      }),
    );
  });

  test('a change that comes later than the bound fails', () => {
    const verdict = judge(DECLARED, live(POD, [100, 0], [10_300, 10], [24_000, 20], [30_200, 0]));
    expect(verdict).toMatchObject({ outcome: 'fail', reason: expect.stringContaining('20 % was declared') });
  });

  test('a change that never comes fails', () => {
    expect(judge(DECLARED, live(POD, [100, 0], [10_300, 10], [30_200, 0])).outcome).toBe('fail');
  });

  test('a split that nobody declared fails, however short it was', () => {
    const verdict = judge(
      DECLARED,
      live(POD, [100, 0], [10_300, 10], [15_000, 13], [15_400, 10], [20_300, 20], [30_200, 0]),
    );
    expect(verdict).toMatchObject({ outcome: 'fail', reason: expect.stringContaining('13 % was live') });
  });

  test('a split that was declared once, and is live again later, was not declared then', () => {
    const verdict = judge(
      DECLARED,
      live(POD, [100, 0], [10_300, 10], [20_300, 20], [30_200, 0], [40_000, 20]),
    );
    expect(verdict.outcome).toBe('fail');
  });

  test('a route that vanishes fails', () => {
    const verdict = judge(
      DECLARED,
      live(POD, [100, 0], [10_300, 10], [15_000, 'nothing'], [16_000, 10], [20_300, 20], [30_200, 0]),
    );
    expect(verdict).toMatchObject({ outcome: 'fail', reason: expect.stringContaining('no route') });
  });

  test('each process of the data plane must follow', () => {
    const good = live(POD, [100, 0], [10_300, 10], [20_300, 20], [30_200, 0]);
    const stuck = live('Pod/contour/envoy-2', [100, 0], [10_300, 10]);
    expect(judge(DECLARED, good, stuck)).toMatchObject({
      outcome: 'fail',
      reason: expect.stringContaining('envoy-2'),
    });
  });

  test('a declaration that stood for less than the bound need not be seen', () => {
    const brief = declared([0, 0], [10_000, 10], [10_400, 20]);
    expect(judge(brief, live(POD, [100, 0], [10_700, 20])).outcome).toBe('pass');
  });

  test('what is missing makes it inconclusive', () => {
    expect(judge(DECLARED).outcome).toBe('inconclusive');
    expect(judge(live(POD, [100, 0])).outcome).toBe('inconclusive');
    const served = live(POD, [100, 0], [10_300, 10], [20_300, 20], [30_200, 0]);
    expect(judge(DECLARED, served, [observer('gateway-live', 'lost')]).outcome).toBe('inconclusive');
  });
});
