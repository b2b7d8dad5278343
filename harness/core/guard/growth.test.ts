import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, seededRandom } from '../testing/random.ts';
import { fitGrowth, type GrowthShape, median, shapeOf } from './growth.ts';
import { studentQuantile, studentUpperTail } from './student.ts';

const SIZES = [10_000, 100_000, 1_000_000] as const;
/** As a run has them: small ones more often. */
const RUNS = [1e4, 1e4, 1e4, 3e4, 3e4, 3e4, 1e5, 1e5, 1e5, 3e5, 1e6, 1e6] as const;
const FAR = 5e7;

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

const LAWS = {
  constant: () => 1,
  /** At a million rows chance hides it; at fifty millions it is most of the cost. */
  hidden: (rows: number) => 1 + (0.1 * rows) / 1e6,
  root: (rows: number) => Math.sqrt(rows / 1e6),
  linear: (rows: number) => rows / 1e6,
  'n log n': (rows: number) => (rows * Math.log(rows)) / (1e6 * Math.log(1e6)),
  square: (rows: number) => (rows / 1e6) ** 2,
} as const;

interface Noisy {
  readonly law: keyof typeof LAWS;
  /** Deviation of the logarithm of a cost. */
  readonly noise: number;
  /** Share of the cost at a million rows that is there whatever the rows are. */
  readonly fixed: number;
}

const ROUNDS = 100;

/** How often each shape was found, and how often a further observation was within the interval. */
function observed({ law, noise, fixed }: Noisy) {
  const random = seededRandom(11);
  const cost = (rows: number): number => 100 * (fixed + LAWS[law](rows)) * Math.exp(noise * normal(random));
  const shapes = new Map<GrowthShape, number>();
  let held = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const fit = fitGrowth(RUNS.map((rows) => ({ rows, cost: cost(rows) })));
    if (fit === undefined) throw new Error('nothing was fitted');
    const shape = shapeOf(fit);
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    const { low, high } = fit.at(FAR);
    const seen = cost(FAR);
    if (seen >= low && seen <= high) held += 1;
  }
  return { held: held / ROUNDS, share: (shape: GrowthShape) => (shapes.get(shape) ?? 0) / ROUNDS };
}

describe('the growth of a cost', { timeout: 120_000 }, () => {
  const cost = fc.double({ min: 0.001, max: 1000, noNaN: true });

  it.each([
    ['constant', 'none'],
    ['root', 'less than linear'],
    ['linear', 'linear'],
    ['n log n', 'n log n'],
    ['square', 'worse than linear'],
  ] as const)(
    'that is %s is told from all others where it is measured to one part in a hundred',
    (law, shape) => {
      for (const fixed of [0, 0.05])
        expect(observed({ law, noise: 0.01, fixed }).share(shape)).toBeGreaterThan(0.9);
    },
  );

  it('is never said to be on the wrong side of linear for certain, however noisy', () => {
    for (const noise of [0.03, 0.1, 0.3]) {
      for (const fixed of [0, 0.05]) {
        const linear = observed({ law: 'linear', noise, fixed });
        expect(linear.share('worse than linear') + linear.share('less than linear')).toBeLessThan(0.05);
        const square = observed({ law: 'square', noise, fixed });
        expect(square.share('less than linear') + square.share('none')).toBeLessThan(0.05);
        const constant = observed({ law: 'constant', noise, fixed });
        expect(constant.share('worse than linear')).toBeLessThan(0.05);
      }
    }
  });

  it.each(
    (['constant', 'hidden', 'root', 'linear', 'n log n', 'square'] as const).flatMap((law) =>
      [0.01, 0.1, 0.3].flatMap((noise) => [0, 0.05].map((fixed) => ({ law, noise, fixed }))),
    ),
  )('holds a cost at fifty times the rows: $law, noise $noise, fixed $fixed', (noisy) => {
    // Four standard deviations of a share of 0.95.
    expect(observed(noisy).held).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / ROUNDS));
  });

  it('is found where there is no noise, whatever the exponent and what it costs whatever the rows are', () => {
    const exponent = fc.double({ min: 0.3, max: 2.9, noNaN: true });
    fc.assert(
      fc.property(exponent, cost, fc.double({ min: 0, max: 0.1, noNaN: true }), (power, most, fixed) => {
        const law = (rows: number): number => most * (fixed + (rows / 1e6) ** power);
        const fit = fitGrowth(RUNS.map((rows) => ({ rows, cost: law(rows) })));
        const { value = 0, low = 0, high = 0 } = fit?.at(FAR) ?? {};
        expect(value / law(FAR)).toBeGreaterThan(0.9);
        expect(value / law(FAR)).toBeLessThan(1.1);
        expect(low).toBeLessThan(law(FAR));
        expect(high).toBeGreaterThan(law(FAR));
      }),
      { numRuns: 60 },
    );
  });

  it('is not hidden by what it costs whatever the rows are', () => {
    // A plain fit of a power says rows^0.55, and 1,800 at 50 million rows.
    const sizes = [1e4, 3e4, 1e5, 3e5, 1e6];
    const fit = fitGrowth(sizes.map((rows) => ({ rows, cost: 20 + rows / 5000 })));
    expect(fit && shapeOf(fit)).toBe('linear');
    const { value = 0, low = 0, high = 0 } = fit?.at(FAR) ?? {};
    expect(value).toBeCloseTo(10_020, -3);
    expect(low).toBeGreaterThan(7000);
    expect(high).toBeLessThan(15_000);
  });

  it('is nothing where times are chance, and bounded by what chance could hide of linear growth', () => {
    const times = [1.1, 0.9, 1.4, 1.0, 2.2, 0.8, 1.2, 1.3, 0.9, 1.6, 1.0, 1.5];
    const points = times.map((one, place) => ({ rows: RUNS[place] ?? 1, cost: one }));
    const fit = fitGrowth(points, { floor: 2 });
    expect(fit && shapeOf(fit)).toBe('none');
    const { value = 0, high = 0 } = fit?.at(FAR) ?? {};
    expect(value).toBeLessThan(300);
    expect(high).toBeGreaterThan(value);
    expect(high).toBeLessThan(1000);
  });

  it('of costs that rise twenty times is not called none, however few they are', () => {
    const fit = fitGrowth(SIZES.map((rows, place) => ({ rows, cost: [5, 15, 105][place] ?? 0 })));
    expect(fit && shapeOf(fit)).not.toBe('none');
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
          expect((other?.at(1e7).value ?? 0) / unit / (one?.at(1e7).value ?? 1)).toBeCloseTo(1, 4);
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
    const factors = [1e5, 1e6, 1e7, 1e8].map((rows) => {
      const { low = 0, high = 0 } = fit?.at(rows) ?? {};
      return high / low;
    });
    expect(factors).toEqual(factors.toSorted((left, right) => left - right));
    expect(factors[0]).toBeGreaterThan(1);
  });

  it('takes any measurements, and always gives an interval around its value', () => {
    const size = fc.constantFrom(1000, 3000, 10_000, 100_000, 1_000_000);
    const any = fc.record({ rows: size, cost: fc.oneof(fc.constant(0), cost) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.constantFrom(0, 5), (points, floor) => {
        const fit = fitGrowth(points, { floor });
        if (fit === undefined) return;
        const { value, low, high } = fit.at(FAR);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(value + 1e-6);
        expect(high).toBeGreaterThanOrEqual(value - 1e-6);
        expect(fit.exponent_low).toBeLessThanOrEqual(fit.exponent);
        expect(fit.exponent_high).toBeGreaterThanOrEqual(fit.exponent);
      }),
      { numRuns: 60 },
    );
  });

  it('says nothing from one size, or from costs of nothing', () => {
    expect(fitGrowth([1, 2, 3].map((value) => ({ rows: 1000, cost: value })))).toBeUndefined();
    expect(fitGrowth(SIZES.map((rows) => ({ rows, cost: 0 })))).toBeUndefined();
    expect(fitGrowth(SIZES.slice(1).map((rows) => ({ rows, cost: rows })))).toBeUndefined();
  });
});

it('the median of an even number is between both in the middle', () => {
  expect([median([]), median([3]), median([9, 1]), median([5, 1, 3])]).toEqual([0, 3, 5, 3]);
});
