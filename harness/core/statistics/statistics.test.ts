import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { classify } from './classify.ts';
import { type Alternative, hodgesLehmann, mannWhitney } from './mann-whitney.ts';
import { normalUpperQuantile, normalUpperTail } from './normal.ts';
import { clopperPearson } from './proportion.ts';
import { RECORDED } from './testing/scipy-records.ts';

const ALTERNATIVES: readonly Alternative[] = ['two-sided', 'less', 'greater'];

/** That two values agree to so many parts of the expected one. */
function relative(actual: number, expected: number): number {
  return expected === 0 ? Math.abs(actual) : Math.abs(actual / expected - 1);
}

/** Keeps the order of values. */
function stretch(value: number): number {
  return 3 + 2 * value ** 3;
}

/** Values within one of the mean. */
function around(mean: number, seed: number, count = 40): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => mean + random() * 2 - 1);
}

describe('the normal distribution', () => {
  it.each([
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145707],
    [1.96, 0.024997895148220435],
    [2.4, 0.008197535924596131],
    [3, 0.0013498980316300933],
    [3.6, 0.00015910859015753364],
    [5, 2.866515718791933e-7],
    [8, 6.22096057427174e-16],
    [-1.5, 0.9331927987311419],
  ])('has the tail of %d that SciPy 1.17.1 has', (z, tail) => {
    expect(relative(normalUpperTail(z), tail)).toBeLessThan(1e-11);
  });

  it('has the quantiles that SciPy 1.17.1 has', () => {
    expect(normalUpperQuantile(0.25)).toBeCloseTo(0.6744897501960817, 11);
    expect(normalUpperQuantile(0.025)).toBeCloseTo(1.9599639845400545, 11);
    expect(normalUpperQuantile(1e-6)).toBeCloseTo(4.753424308822899, 10);
  });
});

describe('mannWhitney', () => {
  it.each(RECORDED)('agrees with SciPy on $name', ({ x, y, u, asymptotic, exact }) => {
    for (const alternative of ALTERNATIVES) {
      const found = mannWhitney(x, y, { alternative, method: 'asymptotic' });
      expect(found.u).toBe(u);
      expect(relative(found.p, asymptotic[alternative])).toBeLessThan(1e-10);
      if (!exact) continue;
      expect(
        relative(mannWhitney(x, y, { alternative, method: 'exact' }).p, exact[alternative]),
      ).toBeLessThan(1e-10);
    }
  });

  it("agrees with the example of R's documentation: permeability of the placenta, W = 35, p = 0.1272", () => {
    const at_term = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const before = [1.15, 0.88, 0.9, 0.74, 1.21];
    const found = mannWhitney(at_term, before, { alternative: 'greater' });
    expect(found).toMatchObject({ u: 35, method: 'exact' });
    expect(found.p).toBeCloseTo(0.1272, 4);
    expect(hodgesLehmann(at_term, before, 0.95).estimate).toBeCloseTo(0.305, 10);
  });

  const sample = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 25 });

  it('is symmetric: what is greater one way is less the other way', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const there = mannWhitney(x, y, { alternative: 'greater' });
        const back = mannWhitney(y, x, { alternative: 'less' });
        expect(there.u + back.u).toBe(x.length * y.length);
        expect(there.p).toBeCloseTo(back.p, 12);
        const both = mannWhitney(x, y).p;
        expect(both).toBeGreaterThanOrEqual(0);
        expect(both).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('minds only the order of the values', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        expect(mannWhitney(x.map(stretch), y.map(stretch)).p).toBe(mannWhitney(x, y).p);
      }),
    );
  });

  it('counts U as the pairs in which x is above y, ties half', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const pairs = x.flatMap((left) =>
          y.map((right): number => (left > right ? 1 : left === right ? 0.5 : 0)),
        );
        expect(mannWhitney(x, y).u).toBeCloseTo(
          pairs.reduce((sum, one) => sum + one, 0),
          9,
        );
      }),
    );
  });

  it('is nearly the same exactly and asymptotically once there are enough values', () => {
    const random = seededRandom(7);
    const x = Array.from({ length: 12 }, () => random());
    const y = Array.from({ length: 12 }, () => random() + 0.1);
    const exact = mannWhitney(x, y, { method: 'exact' }).p;
    expect(mannWhitney(x, y, { method: 'asymptotic' }).p).toBeCloseTo(exact, 1);
  });

  it('refuses samples that say nothing', () => {
    expect(() => mannWhitney([], [1])).toThrow('two samples');
    expect(() => mannWhitney([1], [Number.NaN])).toThrow('no number');
    expect(() => mannWhitney([1, 1], [1], { method: 'exact' })).toThrow('no ties');
  });
});

describe('hodgesLehmann', () => {
  it('moves with its sample, and its interval holds the estimate', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(values, values, fc.integer({ min: -50, max: 50 }), (x, y, by) => {
        const found = hodgesLehmann(x, y, 0.95);
        expect(found.low).toBeLessThanOrEqual(found.estimate);
        expect(found.high).toBeGreaterThanOrEqual(found.estimate);
        const moved = hodgesLehmann(
          x.map((value) => value + by),
          y,
          0.95,
        );
        expect(moved.estimate).toBeCloseTo(found.estimate + by, 9);
      }),
    );
  });

  it('has an interval that is the test turned round: what lies outside, and only that, is rejected', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 30; round += 1) {
      const x = Array.from({ length: 6 }, () => random() + 0.2);
      const y = Array.from({ length: 7 }, () => random());
      const { low, high } = hodgesLehmann(x, y, 0.95);
      const pOf = (shift: number): number =>
        mannWhitney(
          x.map((value) => value - shift),
          y,
        ).p;
      for (const inside of [low + 1e-9, high - 1e-9]) expect(pOf(inside)).toBeGreaterThan(0.05);
      for (const outside of [low - 1e-9, high + 1e-9]) expect(pOf(outside)).toBeLessThanOrEqual(0.05);
    }
  });
});

describe('classify', () => {
  it('finds a shift in the direction that matters, and no other', () => {
    expect(classify(around(44, 1), around(40, 2), { direction: 'increase' }).class).toBe('high');
    expect(classify(around(36, 1), around(40, 2), { direction: 'increase' }).class).toBe('pass');
    expect(classify(around(36, 1), around(40, 2), { direction: 'either' }).class).toBe('low');
    expect(classify(around(44, 1), around(40, 2), { direction: 'decrease' }).class).toBe('pass');
    expect(classify([], around(40, 2), { direction: 'increase' }).class).toBe('no-data');
  });

  it('bears what the critical size allows', () => {
    const bearing = { direction: 'increase', allowed_increase: 1.1 } as const;
    expect(classify(around(43, 1), around(40, 2), bearing).class).toBe('pass');
    expect(classify(around(45, 1), around(40, 2), bearing).class).toBe('high');
  });

  it('calls equal samples different no more often than its confidence allows', () => {
    const trials = 300;
    let wrong = 0;
    for (let seed = 0; seed < trials; seed += 1) {
      const { class: found } = classify(around(40, 2 * seed), around(40, 2 * seed + 1), {
        direction: 'either',
        tolerance: 0,
      });
      if (found !== 'pass') wrong += 1;
    }
    // 2 % of 300 are 6; above 15 the probability is under 0.001.
    expect(wrong).toBeLessThanOrEqual(15);
  });
});

describe('clopperPearson', () => {
  it.each([
    [0, 10, 0, 0.30849710781876294],
    [1, 10, 0.0025285785444625728, 0.44501611702819543],
    [3, 20, 0.03207093718554477, 0.37892682654529564],
    [20, 20, 0.8315665290169145, 1],
    [7, 200, 0.014185525898385922, 0.0707809983509546],
  ])('has the interval of %d of %d that SciPy 1.17.1 has', (hits, trials, low, high) => {
    const found = clopperPearson(hits, trials);
    expect(found.low).toBeCloseTo(low, 10);
    expect(found.high).toBeCloseTo(high, 10);
  });

  it('says nothing without a trial, and refuses more hits than trials', () => {
    expect(clopperPearson(0, 0)).toMatchObject({ low: 0, high: 1 });
    expect(() => clopperPearson(2, 1)).toThrow(RangeError);
  });
});
