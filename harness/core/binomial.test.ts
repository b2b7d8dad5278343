import fc from 'fast-check';
import { binomialDistribution } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import {
  acceptedHits,
  atLeastHits,
  atMostHits,
  logGamma,
  powerAgainst,
  powerOf,
  trialsFor,
} from './binomial.ts';

describe('exact binomial probabilities', () => {
  test('the logarithm of the gamma function is that of the factorial', () => {
    let factorial = 1;
    for (let n = 1; n < 20; n += 1) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 10);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 10);
  });

  test('they agree with the sums of the distribution', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (n, p) => {
          const mass = binomialDistribution(n, p) ?? [];
          // The library leaves out the improbable end of the distribution.
          mass.reduce((sum, probability, k) => {
            expect(atMostHits(k, n, p)).toBeCloseTo(sum + probability, 8);
            expect(atLeastHits(k, n, p)).toBeCloseTo(1 - sum, 3);
            return sum + probability;
          }, 0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a count is at most k or at least k + 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (n, part, p) => {
          const k = Math.floor(part * n);
          expect(atMostHits(k, n, p) + atLeastHits(k + 1, n, p)).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  test('known tails of large counts', () => {
    // Coin: P(X <= 49,500) of 100,000 is the normal distribution's Phi(-3.159) with continuity correction.
    expect(atMostHits(49_500, 100_000, 0.5)).toBeCloseTo(0.000792, 5);
    expect(atLeastHits(1, 300, 0)).toBe(0);
    expect(atMostHits(0, 300, 0)).toBe(1);
  });

  test('the accepted counts hold the true share as often as promised, and no wider than needed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 20_000 }),
        fc.double({ min: 0.02, max: 0.98, noNaN: true }),
        fc.constantFrom(0.05, 1e-3, 1e-5),
        (n, p, false_alarm) => {
          const { least, most } = acceptedHits(n, p, false_alarm);
          expect(powerAgainst(p, n, p, false_alarm)).toBeLessThanOrEqual(false_alarm * (1 + 1e-6));
          expect(atMostHits(least, n, p)).toBeGreaterThanOrEqual(false_alarm / 2);
          expect(atLeastHits(most, n, p)).toBeGreaterThanOrEqual(false_alarm / 2);
        },
      ),
    );
  });

  test('so many trials are asked for as the power needs', () => {
    const plan = { share: 0.2, shift: 0.02, false_alarm: 1e-4 / 4, power: 0.99 };
    const trials = trialsFor(plan);
    // Normal approximation: ((4.21 + 2.33) x 0.4 / 0.02)^2 = 17,107.
    expect(trials).toBeGreaterThan(15_000);
    expect(trials).toBeLessThan(20_000);
    expect(powerOf(plan, trials)).toBeGreaterThanOrEqual(plan.power);
    expect(powerOf(plan, Math.floor(trials / 2))).toBeLessThan(plan.power);
  });

  test('a share of zero allows no hit, and needs few trials to be refuted', () => {
    expect(acceptedHits(1000, 0, 1e-4)).toEqual({ least: 0, most: 0 });
    expect(trialsFor({ share: 0, shift: 0.02, false_alarm: 1e-4, power: 0.99 })).toBeLessThan(300);
  });
});
