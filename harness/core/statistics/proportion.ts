import { atLeastHits, atMostHits } from '../binomial.ts';

/** A share with the interval that holds the truth with at least the given confidence. */
export interface Proportion {
  readonly hits: number;
  readonly trials: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The value between 0 and 1 from which a growing function is at least `wanted`. */
function rootOf(growing: (p: number) => number, wanted: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (growing(middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The exact interval of Clopper and Pearson (Biometrika 26, 1934). No trial at all says nothing: from 0 to 1.
 * @throws RangeError when there are more hits than trials
 */
export function clopperPearson(hits: number, trials: number, confidence = 0.95): Proportion {
  if (hits < 0 || hits > trials) throw new RangeError(`${hits} hits of ${trials} trials`);
  const side = (1 - confidence) / 2;
  return {
    hits,
    trials,
    share: trials === 0 ? Number.NaN : hits / trials,
    low: hits === 0 ? 0 : rootOf((p) => atLeastHits(hits, trials, p), side),
    high: hits === trials ? 1 : rootOf((p) => 1 - atMostHits(hits, trials, p), 1 - side),
  };
}
