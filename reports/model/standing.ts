import type { Standing } from '#harness/core/verdict.ts';

/** The word that goes with every sign of a standing. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
  'known-break': 'Known break',
  news: 'News',
};

/** Worst first: what somebody has to look at comes before what was expected. */
const SEVERITY: Readonly<Record<Standing, number>> = {
  fail: 4,
  inconclusive: 3,
  news: 2,
  'known-break': 1,
  pass: 0,
};

/** Orders the worst first. */
export function compareStandings(left: Standing, right: Standing): number {
  return SEVERITY[right] - SEVERITY[left];
}
