import type { Random } from '../random.ts';

export { type Random, seededRandom } from '../random.ts';

/** A normally distributed number with mean 0 and deviation 1 (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
