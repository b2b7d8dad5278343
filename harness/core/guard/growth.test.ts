import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { fitGrowth, shapeOf, studentQuantile, studentUpperTail } from './growth.ts';

const SIZES = [10_000, 100_000, 1_000_000] as const;

describe("Student's t", () => {
  // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [10, 2.228],
    [11, 2.201],
    [30, 2.042],
    [100, 1.984],
  ])(
    'with %d degrees of freedom is exceeded by 2.5 %% above %d, as the handbook of NIST has it',
    (degrees, quantile) => {
      expect(studentQuantile(0.025, degrees)).toBeCloseTo(quantile, 3);
    },
  );

  it('is symmetric, and falls', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (degrees, t) => {
          expect(studentUpperTail(t, degrees) + studentUpperTail(-t, degrees)).toBeCloseTo(1, 10);
          expect(studentUpperTail(t + 0.1, degrees)).toBeLessThan(studentUpperTail(t, degrees));
        },
      ),
    );
  });
});

function shape(...costs: readonly number[]) {
  const fit = fitGrowth(costs.map((cost, place) => ({ rows: 10_000 * 10 ** place, cost })));
  return fit === undefined ? undefined : shapeOf(fit);
}

describe('the growth of a cost', () => {
  const exponent = fc.double({ min: 0, max: 3, noNaN: true });
  const cost = fc.double({ min: 0.001, max: 1000, noNaN: true });

  it('is found exactly where there is no noise, and extrapolated without doubt', () => {
    fc.assert(
      fc.property(exponent, cost, fc.integer({ min: 1, max: 1e9 }), (power, first, rows) => {
        const law = (size: number): number => first * (size / 10_000) ** power;
        const fit = fitGrowth(SIZES.map((size) => ({ rows: size, cost: law(size) })));
        expect(fit?.exponent).toBeCloseTo(power, 6);
        const { value = 0, factor } = fit?.at(rows) ?? {};
        expect(value / law(rows)).toBeCloseTo(1, 4);
        expect(factor).toBeCloseTo(1, 4);
      }),
    );
  });

  it('does not depend on the unit of the cost, nor on the order of the points', () => {
    fc.assert(
      fc.property(
        fc.tuple(cost, cost, cost),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (costs, unit) => {
          const points = SIZES.map((rows, place) => ({ rows, cost: costs[place] ?? 1 }));
          const one = fitGrowth(points);
          const other = fitGrowth(
            points.map((point) => ({ ...point, cost: point.cost * unit })).toReversed(),
          );
          expect(other?.exponent).toBeCloseTo(one?.exponent ?? Number.NaN, 8);
          expect((other?.at(1e7).value ?? 0) / unit / (one?.at(1e7).value ?? 1)).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  it('is less certain the further away the size is', () => {
    const fit = fitGrowth([
      { rows: 10_000, cost: 1 },
      { rows: 100_000, cost: 11 },
      { rows: 1_000_000, cost: 95 },
    ]);
    const factors = [1e5, 1e6, 1e7, 1e8].map((rows) => fit?.at(rows).factor ?? 0);
    expect(factors).toEqual(factors.toSorted((left, right) => left - right));
    expect(factors[0]).toBeGreaterThan(1);
  });

  it('holds a further observation as often as it says', () => {
    const random = seededRandom(7);
    // Irwin-Hall: near enough to a normal distribution of deviation 1.
    const noise = (): number => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
    const rounds = 4000;
    let held = 0;
    for (let round = 0; round < rounds; round += 1) {
      const observe = (rows: number): number => rows ** 1.1 * Math.exp(0.1 * noise());
      const { value = 0, factor = 1 } =
        fitGrowth(SIZES.map((rows) => ({ rows, cost: observe(rows) })))?.at(1e7) ?? {};
      const seen = observe(1e7);
      if (seen >= value / factor && seen <= value * factor) held += 1;
    }
    // Four standard deviations of a share of 0.95.
    expect(Math.abs(held / rounds - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / rounds));
  });

  it('is called by its shape only where the interval allows it', () => {
    expect(shape(1, 10, 100)).toBe('linear');
    expect(shape(1, 100, 10_000)).toBe('worse than linear');
    expect(shape(1, 1.01, 1)).toBe('less than linear');
    expect(shape(1, 30, 100)).toBe('unsure');
    expect(shape(1, 10)).toBeUndefined();
  });

  it('says nothing from one size, or from costs of nothing', () => {
    expect(fitGrowth([1, 2, 3].map((value) => ({ rows: 1000, cost: value })))).toBeUndefined();
    expect(fitGrowth(SIZES.map((rows) => ({ rows, cost: 0 })))).toBeUndefined();
  });
});
