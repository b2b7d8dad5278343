import type { Standing } from '#harness/core/verdict.ts';

/** Sign and word of a standing, told apart without colour. */
export const SIGNS: Readonly<Record<Standing, string>> = {
  pass: '\u2705 pass',
  fail: '\u274c fail',
  inconclusive: '\u2754 inconclusive',
  'known-break': '\u26a0\ufe0f known break',
  news: '\u2757 news',
};
