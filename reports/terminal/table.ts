import {
  type RuleVerdict,
  type Standing,
  standingOf,
  standingOfRun,
  type Verdict,
} from '#harness/core/verdict.ts';
import { explain, measuredOf, worstFirst } from '../model/format.ts';
import { cut, oneLine, type Painter, painter, wrapped } from './text.ts';

export interface TableOptions {
  /** Whether the output is a terminal that shows colour; the caller knows NO_COLOR and isTTY. Default false. */
  readonly colour?: boolean;
  /** Where the reports lie, named above the last line. */
  readonly report?: string;
}

/** No line is longer than this. */
export const WIDTH = 100;

/** Most things that are listed below a rule that did not hold. */
const ITEMS_MAX = 5;

const SIGNS: Readonly<Record<Standing, string>> = {
  pass: '\u2713',
  fail: '\u2717',
  inconclusive: '?',
  'known-break': '!',
  news: '!',
};
const COLOURS = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
  'known-break': 'yellow',
  news: 'red',
} as const;

/** Where the word differs from the name. */
const WORDS: Partial<Readonly<Record<Standing, string>>> = { 'known-break': 'known break' };

const COLUMNS = { outcome: 15, rule: 20, limit: 32, measured: WIDTH - 15 - 20 - 32 } as const;

/**
 * The verdict as a short table. The worst rules come first, and each that did not hold gives its reason. The last
 * line is `verdict: <outcome> — <which rule and why>`.
 */
export function renderTable(verdict: Verdict, options: TableOptions = {}): string {
  const paint = painter(options.colour ?? false);
  const head = row(['', 'rule', 'limit', 'measured']);
  const lines = [
    paint('dim', head),
    ...worstFirst(verdict).flatMap((rule) => rowsOf(rule, standingOf(verdict, rule), paint)),
    '',
    ...(options.report === undefined ? [] : [`report:  ${options.report}`]),
    lastLine(verdict, paint),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** The line that says which verdict and why; on one line, whatever the reason holds. */
function lastLine(verdict: Verdict, paint: Painter): string {
  const standing = standingOfRun(verdict);
  const word = WORDS[standing] ?? standing;
  const start = `verdict: ${word} \u2014 `;
  const whole = oneLine(explain(verdict));
  // Where the reason is too long, the number of other rules still counts.
  const others = / \(and \d+ more\)$/.exec(whole)?.[0] ?? '';
  const reason = whole.slice(0, whole.length - others.length);
  const why = cut(reason, WIDTH - start.length - others.length) + others;
  return `verdict: ${paint(COLOURS[standing], paint('bold', word))} \u2014 ${why}`;
}

function rowsOf(rule: RuleVerdict, standing: Standing, paint: Painter): string[] {
  const limit = wrapped(rule.limit, COLUMNS.limit - 2);
  const measured = wrapped(measuredOf(rule), COLUMNS.measured);
  const height = Math.max(limit.length, measured.length);
  const lines = Array.from({ length: height }, (_, index) => {
    const first = index === 0;
    const cells = row(['', first ? rule.rule : '', limit[index] ?? '', measured[index] ?? '']);
    if (!first) return cells;
    const outcome = `${SIGNS[standing]} ${WORDS[standing] ?? standing}`;
    return `${paint(COLOURS[standing], outcome.padEnd(COLUMNS.outcome))}${cells.slice(COLUMNS.outcome)}`;
  });
  const texts = [
    ...(standing === 'pass' ? [] : [rule.reason, ...itemLines(rule)]),
    ...(rule.remark === undefined ? [] : [rule.remark]),
  ];
  const reasons = texts.flatMap((text) => wrapped(text, WIDTH - COLUMNS.outcome - 2));
  return [
    ...lines,
    ...reasons.map((line) => `${' '.repeat(COLUMNS.outcome)}  ${paint(COLOURS[standing], line)}`),
  ];
}

/** The first of what the reason sums up: the report has them all. */
function itemLines({ items = [] }: RuleVerdict): readonly string[] {
  const more = items.length - ITEMS_MAX;
  return [
    ...items.slice(0, ITEMS_MAX).map((item) => `- ${item}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

function row(cells: readonly [string, string, string, string]): string {
  const [outcome, rule, limit, measured] = cells;
  return [
    outcome.padEnd(COLUMNS.outcome),
    cut(oneLine(rule), COLUMNS.rule - 2).padEnd(COLUMNS.rule),
    limit.padEnd(COLUMNS.limit),
    measured,
  ].join('');
}
