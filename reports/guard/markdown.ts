import type { CheckVerdict } from '#harness/judge/guard/verdict.ts';
import { counted } from '#harness/judge/guard/words.ts';
import { SIGNS } from '../markdown/signs.ts';
import { plain, table } from '../markdown/text.ts';
import { describeGround, explainGuard, type GuardReport, type MigrationView, viewsOf } from './model.ts';

/** Most lines of a list in a comment. */
const ITEMS_MAX = 20;
/** A comment on GitHub holds 65,536 characters; GitLab's more. */
const COMMENT_MAX = 60_000;

/** A run for a comment on a pull request: what fails first, the rest folded. */
export function renderGuardMarkdown(report: GuardReport): string {
  const { facts, verdict } = report;
  const views = viewsOf(report);
  const head = [
    `## ${SIGNS[verdict.outcome]}: ${plain(titleOf(views))}`,
    '',
    `**${plain(explainGuard(verdict))}**`,
    '',
    plain(describeGround(facts)),
    '',
  ];
  const bodies = views
    .toSorted((left, right) => ORDER[left.outcome] - ORDER[right.outcome])
    .map((view) => migrationLines(view, views.length > 1).join('\n'));
  const tail = [
    ...verdict.unseen_by_linter.map((line) => `- ${plain(line)}`),
    ...verdict.not_judged.map(({ check, why }) => `- not judged: ${plain(check)} (${plain(why)})`),
  ].slice(0, ITEMS_MAX);
  let left = COMMENT_MAX - head.join('\n').length - tail.join('\n').length;
  const shown = bodies.filter((body) => {
    left -= body.length + 1;
    return left >= 0;
  });
  const cut = bodies.length - shown.length;
  const more = cut === 0 ? [] : [`${counted(cut, 'migration')} more: a comment holds no more than this.`, ''];
  return `${[...head, ...shown, ...more, ...tail].join('\n').trimEnd()}\n`;
}

const ORDER = { fail: 0, inconclusive: 1, pass: 2 } as const;

function titleOf(views: readonly MigrationView[]): string {
  const [first] = views;
  return views.length === 1 && first !== undefined ? first.name : counted(views.length, 'migration');
}

function migrationLines(view: MigrationView, several: boolean): readonly string[] {
  const { name, outcome, statements, releases, checks } = view;
  const loud = checks.filter((one) => one.outcome !== 'pass' || one.severity !== 'none');
  const quiet = checks.filter((one) => !loud.includes(one));
  return [
    ...(several ? [`### ${SIGNS[outcome]}: ${plain(name)}`, ''] : []),
    ...table(
      ['statement', 'readers', 'writers', 'rows', 'cost'],
      statements.map(({ place, text, effects }) => [
        `${place} ${short(text)}`,
        ...effects.map((effect) =>
          effect.outcome === 'pass' ? effect.text : `${effect.outcome}: ${effect.text}`,
        ),
      ]),
    ),
    '',
    ...releases.map((effect) => `- ${plain(effect.name)}: ${plain(effect.text)}`),
    ...(releases.length === 0 ? [] : ['']),
    ...loud.flatMap(checkLines),
    ...lintLines(view),
    ...(quiet.length === 0
      ? []
      : [
          `<details><summary>${counted(quiet.length, 'check')} held</summary>`,
          '',
          ...table(
            ['check', 'measured', 'limit'],
            quiet.map(({ check, measured = '\u2013', limit }) => [check, measured, limit]),
          ),
          '',
          '</details>',
          '',
        ]),
  ];
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 120 ? line : `${line.slice(0, 119)}\u2026`;
}

function checkLines(check: CheckVerdict): readonly string[] {
  const {
    check: id,
    outcome,
    severity,
    reason,
    measured = '\u2013',
    limit,
    items = [],
    accepted,
    safer,
  } = check;
  const sign = accepted === undefined ? SIGNS[outcome] : `accepted (${outcome})`;
  const more = items.length - ITEMS_MAX;
  return [
    `- **${sign}: ${plain(id)}**${severity === 'none' ? '' : ` (${severity})`}: ${plain(reason)}`,
    `  measured ${plain(measured)}, limit ${plain(limit)}${accepted === undefined ? '' : `; accepted: ${plain(accepted)}`}`,
    ...(items.length > 1 ? items.slice(0, ITEMS_MAX).map((item) => `  - ${plain(item)}`) : []),
    ...(more > 0 ? [`  - and ${more} more`] : []),
    ...(safer === undefined || outcome !== 'fail'
      ? []
      : [
          `  - safer: ${plain(safer.text)}`,
          ...fenced(safer.sql).map((line) => (line === '' ? '' : `    ${line}`)),
        ]),
  ];
}

/** A fence that the text itself does not hold. */
function fenced(sql: string): readonly string[] {
  if (sql === '') return [];
  const longest = Math.max(2, ...[...sql.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return ['', `${fence}sql`, ...sql.trimEnd().split('\n'), fence, ''];
}

function lintLines({ statements }: MigrationView): readonly string[] {
  const opinions = statements.flatMap(({ lint }) => lint);
  if (opinions.length === 0) return [];
  return [
    ...table(
      ['linter', 'measured', ''],
      opinions.map(({ finding, stance, sentence }) => [finding.rule, stance, sentence]),
    ),
    '',
  ];
}
