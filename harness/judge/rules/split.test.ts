import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trialsFor } from '#harness/core/binomial.ts';
import { type Random, seededRandom } from '#harness/core/testing/random.ts';
import { type AnswerSeries, type Draft, Timeline } from '#harness/core/timeline.ts';
import { split } from './split.ts';

const START = Date.UTC(2026, 0, 15, 10);
const RATE_PER_S = 300;
const TEST = { detect_pp: 2, power: 0.95, false_alarm: 1e-4 } as const;

interface Options {
  readonly declared_pct: readonly number[];
  /** The share that a second's answers really have. */
  readonly served?: (declared_pct: number) => number;
  /** How the answers of one second are dealt out. */
  readonly deal?: (answers: number, share: number) => number;
  readonly seconds?: number;
}

const draw = (generator: Random) => (answers: number, share: number) => {
  let hits = 0;
  for (let one = 0; one < answers; one += 1) if (generator() < share) hits += 1;
  return hits;
};

/** Requests in turn: as many as are due, and the rest is carried over. */
const inTurn = () => {
  let due = 0;
  return (answers: number, share: number) => {
    due += answers * share;
    const hits = Math.round(due);
    due -= hits;
    return hits;
  };
};

const series = (release: string, count: number, at: number): AnswerSeries => ({
  release,
  status: 200,
  route: '/products',
  bad: false,
  count,
  sum_ms: count,
  max_ms: 2,
  buckets: [],
  first_at: at,
  last_at: at + 999,
});

function timeline(options: Options): Timeline {
  const { declared_pct, served = (pct) => pct, deal = draw(seededRandom(1)), seconds = 75 } = options;
  const drafts: (Draft & { at: number })[] = [
    { at: START, source: 'harness', kind: 'observer', subject: 'gateway', data: { state: 'started' } },
    {
      at: START,
      source: 'harness',
      kind: 'expectation',
      subject: 'here/shop',
      data: {
        of: 'split',
        namespace: 'here',
        gateway: 'contour',
        primary_release: 'v1',
        canary_release: 'v2',
        canary_pct: declared_pct,
        ...TEST,
      },
    },
    {
      at: START,
      source: 'gateway',
      kind: 'bound',
      subject: 'here/shop',
      data: { gateway: 'contour', follow_ms: 1500, derivation: 'holdoff' },
    },
  ];
  let at = START;
  for (const pct of declared_pct) {
    drafts.push({
      at: at + 20,
      source: 'gateway',
      kind: 'weight',
      subject: 'HTTPRoute/here/shop',
      data: { primary_pct: 100 - pct, canary_pct: pct },
    });
    for (let second = 0; second < seconds; second += 1) {
      const canary = deal(RATE_PER_S, served(pct) / 100);
      drafts.push({
        at: at + 1000,
        source: 'load',
        kind: 'second',
        subject: 'load',
        data: {
          from: at,
          series: [series('v1', RATE_PER_S - canary, at), series('v2', canary, at)],
          iterations: RATE_PER_S,
          dropped_iterations: 0,
          vus: 10,
          lag_max_ms: 1,
          cpu_s: 0.1,
        },
      });
      at += 1000;
    }
  }
  return new Timeline(drafts.map((draft, seq) => ({ seq, ...draft })));
}

const judge = (options: Options) => split.judge(timeline(options));

describe('split', () => {
  test('a gateway that draws for each request passes', () => {
    expect(judge({ declared_pct: [5, 20, 50] })).toMatchObject({ outcome: 'pass' });
  });

  // One run in ten thousand is red by chance, as the limit says: other seeds each time would be a test that fails some day.
  test('chance does not turn it red', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        expect(judge({ declared_pct: [20], deal: draw(seededRandom(seed)) }).outcome).toBe('pass');
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test('a gateway that deals requests out in turn passes', () => {
    const verdict = judge({ declared_pct: [5, 20, 50], deal: inTurn() });
    expect(verdict).toMatchObject({ outcome: 'pass', reason: expect.stringContaining('dispersion 0.0') });
  });

  test.each([5, 20, 50])('an error of two points at %i %% is found, in either direction', (pct) => {
    for (const shift of [-2, 2]) {
      // The power is 95 % at least: of ten runs, nine or ten must find it.
      const found = Array.from({ length: 10 }, (_, seed) =>
        judge({
          declared_pct: [pct],
          served: (declared) => declared + shift,
          deal: draw(seededRandom(seed + 1)),
        }),
      ).filter(({ outcome }) => outcome === 'fail');
      expect(found.length).toBeGreaterThanOrEqual(9);
    }
  });

  test('a gateway that ignores weights is found', () => {
    const verdict = judge({ declared_pct: [5, 20], served: () => 50 });
    expect(verdict).toMatchObject({
      outcome: 'fail',
      reason: expect.stringContaining('while 5 % was declared'),
    });
  });

  test('a gateway that is off by three points is found, dealing in turn too', () => {
    expect(judge({ declared_pct: [20], served: (pct) => pct + 3, deal: inTurn() }).outcome).toBe('fail');
  });

  test('too few answers prove nothing', () => {
    expect(judge({ declared_pct: [50], seconds: 20 })).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('too few'),
    });
  });

  test('so many seconds are enough as the test plan asks for', () => {
    const answers = trialsFor({ share: 0.5, shift: 0.02, false_alarm: TEST.false_alarm, power: TEST.power });
    const seconds = Math.ceil(answers / RATE_PER_S) + 4;
    expect(judge({ declared_pct: [50], seconds }).outcome).toBe('pass');
  });

  test('answers that come in clumps prove nothing, whatever their share', () => {
    const generator = seededRandom(7);
    const clumps = (answers: number, share: number): number => (generator() < share ? answers : 0);
    expect(judge({ declared_pct: [20], deal: clumps })).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('clumps'),
    });
  });

  test('a share of zero allows no answer at all', () => {
    expect(judge({ declared_pct: [0] }).outcome).toBe('pass');
    expect(judge({ declared_pct: [0], served: () => 0.02 }).outcome).toBe('fail');
  });

  test('a split that was expected and never declared is missing evidence', () => {
    const { records } = timeline({ declared_pct: [5] });
    const changed = records.map((record) =>
      record.kind === 'expectation' && record.data.of === 'split'
        ? { ...record, data: { ...record.data, canary_pct: [5, 20] } }
        : record,
    );
    expect(split.judge(new Timeline(changed))).toMatchObject({
      outcome: 'inconclusive',
      reason: '20 % was never declared',
    });
  });
});
