import type { Standing } from '#harness/core/verdict.ts';
import type { ContractRow, VersionVerdict } from './rows.ts';
import type { RecoveryTimes } from './recovery-times.ts';
import type { Spread } from './times.ts';

/** How each controller is called. */
export const CONTROLLER_NAMES = { flagger: 'Flagger', 'argo-rollouts': 'Argo Rollouts' } as const;

/** Why a contract has no verdict. */
export function noVerdict({ skipped }: ContractRow): string {
  return skipped === undefined ? 'not run' : `skipped: ${skipped}`;
}

/** What a reader should know beside the verdict: the thread of a break, whose contracts were used, how many runs. */
export function besides({ standing, thread, remark, runs }: VersionVerdict): readonly string[] {
  const known =
    thread === undefined
      ? []
      : [standing === 'news' ? `holds, although ${thread} says that it does not` : `reported in ${thread}`];
  return [
    ...known,
    ...(remark === undefined ? [] : [remark]),
    ...(runs > 1 ? [standing === 'pass' ? `all of ${runs} runs` : `the worst of ${runs} runs`] : []),
  ];
}

/** Seconds to a tenth; what is early only by rounding has no sign of its own. */
export function seconds(value_s: number): string {
  return (Math.round(value_s * 10) / 10 || 0).toFixed(1);
}

/** `12.3 s`, or `11.9 / 12.3 / 14.0 s` where runs differ. */
export function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return 'no data';
  const { min_s, median_s, max_s, seen } = spread;
  return seen === 1 ? `${seconds(median_s)} s` : `${[min_s, median_s, max_s].map(seconds).join(' / ')} s`;
}

/** `0`, or `31 to 44` where runs differ. */
export function lostText({ lost_orders }: RecoveryTimes): string {
  if (lost_orders === undefined) return 'no data';
  const { min, max } = lost_orders;
  return min === max ? String(min) : `${min} to ${max}`;
}

/** How many contracts stand how, worst first: `2 fail, 3 known break, 41 pass, 5 not run`. */
export function countsOf(
  rows: readonly ContractRow[],
): readonly { readonly word: string; readonly count: number }[] {
  const standings = rows.flatMap(({ verdicts }) => verdicts.map(({ standing }) => standing));
  const count = (one: Standing): number => standings.filter((standing) => standing === one).length;
  const missing = rows.filter(({ verdicts }) => verdicts.length === 0);
  return [
    { word: 'fail', count: count('fail') },
    { word: 'inconclusive', count: count('inconclusive') },
    { word: 'news', count: count('news') },
    { word: 'known break', count: count('known-break') },
    { word: 'pass', count: count('pass') },
    { word: 'skipped', count: missing.filter(({ skipped }) => skipped !== undefined).length },
    { word: 'not run', count: missing.filter(({ skipped }) => skipped === undefined).length },
  ].filter((one) => one.count > 0);
}
