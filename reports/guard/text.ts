import type { Outcome } from '#harness/core/verdict.ts';
import type { CheckVerdict, LintOpinion } from '#harness/judge/guard/verdict.ts';
import { counted } from '#harness/judge/guard/words.ts';
import { cut, oneLine, type Painter, painter, wrapped } from '../terminal/text.ts';
import {
  describeGround,
  type Effect,
  explainGuard,
  type GuardReport,
  type MigrationView,
  type StatementView,
  viewsOf,
} from './model.ts';

/** No line is longer than this, but for lines of SQL that are to be copied. */
const WIDTH = 100;
const LABEL = 14;
const ITEMS_MAX = 5;

const SIGNS: Readonly<Record<Outcome, string>> = { pass: '\u2713', fail: '\u2717', inconclusive: '?' };
const COLOURS = { pass: 'green', fail: 'red', inconclusive: 'yellow' } as const;

interface Options {
  readonly colour?: boolean;
}

/** A run for a terminal: what each statement does, then what the checks found, and the safer way as SQL. */
export function renderGuardText(report: GuardReport, { colour = false }: Options = {}): string {
  const paint = painter(colour);
  const views = viewsOf(report);
  const { facts, verdict } = report;
  const lines = [
    paint('dim', cut(oneLine(describeGround(facts)), WIDTH)),
    '',
    ...views.flatMap((view) => migrationLines(view, views.length > 1, paint)),
    ...verdict.unseen_by_linter.flatMap((line) => labelled('beyond lint', line, (text) => text)),
    ...leftOutLines(report, paint),
    `verdict: ${paint(COLOURS[verdict.outcome], paint('bold', verdict.outcome))} \u2014 ${cut(oneLine(explainGuard(verdict)), WIDTH - 24)}`,
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Of several migrations, those in which all is well take one line each. */
function migrationLines(view: MigrationView, several: boolean, paint: Painter): readonly string[] {
  const { name, outcome, severity, statements, releases, checks } = view;
  const remark = severity === 'none' ? '' : `, ${severity}`;
  const head = `${paint(COLOURS[outcome], `${SIGNS[outcome]} ${outcome}${remark}`)}  ${paint('bold', oneLine(name))}`;
  const short = several && outcome === 'pass';
  if (short) return [`${head}  ${paint('dim', counted(statements.length, 'statement'))}`];
  return [
    head,
    ...statements.flatMap((statement) => statementLines(statement, paint)),
    ...releases.flatMap((effect) => effectLines(effect, paint)),
    '',
    ...checks.flatMap((check) => checkLines(check, paint)),
    '',
  ];
}

function statementLines(
  { place: where, text, effects, lint }: StatementView,
  paint: Painter,
): readonly string[] {
  const place = oneLine(where);
  return [
    `  ${paint('cyan', place)}  ${cut(oneLine(text), WIDTH - place.length - 4)}`,
    ...effects.flatMap((effect) => effectLines(effect, paint)),
    ...lint.flatMap((opinion) => lintLines(opinion, paint)),
  ];
}

function effectLines({ name, text, outcome }: Effect, paint: Painter): readonly string[] {
  return labelled(name, text, (line) => (outcome === 'pass' ? line : paint(COLOURS[outcome], line)));
}

function lintLines({ finding, stance, sentence }: LintOpinion, paint: Painter): readonly string[] {
  return labelled('linter', `${finding.rule}: ${stance}; ${sentence}`, (line) => paint('dim', line));
}

function labelled(name: string, text: string, paint: (line: string) => string): readonly string[] {
  return wrapped(text, WIDTH - LABEL - 4).map(
    (line, index) => `    ${(index === 0 ? name : '').padEnd(LABEL)}${paint(line)}`,
  );
}

function checkLines(check: CheckVerdict, paint: Painter): readonly string[] {
  const { check: id, outcome, severity, measured, limit, reason, accepted, derivation } = check;
  const colour = COLOURS[outcome];
  const sign = paint(colour, `${SIGNS[outcome]} ${id.padEnd(20)}`);
  const figures = `${measured ?? '\u2013'} (limit ${limit})`;
  const quiet = outcome === 'pass' && severity === 'none';
  if (quiet) return [`  ${sign} ${cut(oneLine(figures), WIDTH - 26)}`];
  return [
    `  ${sign} ${severity === 'none' ? '' : `${paint(colour, severity)}: `}${cut(oneLine(figures), WIDTH - 36)}`,
    ...wrapped(reason, WIDTH - 6).map((line) => indent(paint(colour, line))),
    ...itemLines(check).map(indent),
    ...(derivation === undefined
      ? []
      : wrapped(derivation, WIDTH - 6).map((line) => indent(paint('dim', line)))),
    ...(accepted === undefined ? [] : [indent(`accepted: ${oneLine(accepted)}`)]),
    ...saferLines(check, paint).map(indent),
  ];
}

function indent(text: string): string {
  return `      ${text}`;
}

function itemLines({ items = [] }: CheckVerdict): readonly string[] {
  const more = items.length - ITEMS_MAX;
  return [
    ...items.slice(0, ITEMS_MAX).flatMap((item) => wrapped(`- ${item}`, WIDTH - 6)),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
}

function saferLines({ safer, outcome }: CheckVerdict, paint: Painter): readonly string[] {
  if (safer === undefined || outcome !== 'fail') return [];
  const text = wrapped(`safer: ${safer.text}`, WIDTH - 6);
  if (safer.sql === '') return text;
  return [
    ...text,
    ...safer.sql
      .trimEnd()
      .split('\n')
      .map((line) => `  ${paint('cyan', line.replaceAll(/\p{Cc}/gu, ' '))}`),
  ];
}

function leftOutLines({ facts, verdict }: GuardReport, paint: Painter): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { check, why } of verdict.not_judged) {
    reasons.set(why, [...(reasons.get(why) ?? []), check]);
  }
  const lint = facts.left_out?.find(({ part }) => part === 'lint');
  if (lint !== undefined) reasons.set(lint.why, [...(reasons.get(lint.why) ?? []), 'lint']);
  const lines = [...reasons].flatMap(([why, checks]) =>
    wrapped(`not judged: ${checks.join(', ')} (${why})`, WIDTH).map((line) => paint('dim', line)),
  );
  return lines.length === 0 ? [] : [...lines, ''];
}
