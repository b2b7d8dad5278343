/** The table of agreement, as Markdown and as rows of the benchmark. No text of any corpus is in it. */
import { basename, dirname } from 'node:path';
import type { History } from '../history.ts';
import { countBy, type GuardRow, shareAtLeast, shareAtMost } from '../row.ts';
import type { Measured } from './measure.ts';

export interface CorpusMeasured {
  readonly name: string;
  readonly source: string;
  readonly measured: readonly Measured[];
}

const RECALL_PCT = 95;
const FALSE_ALARMS_PCT = 2;

/** A remark is what is said of an example that is labelled bad and harmless on these rows; of a good one it is no alarm. */
function warns({ stance, example }: Measured): boolean {
  return stance === 'warns' || (stance === 'remarks' && example.label === 'bad');
}

function isMeasured({ stance }: Measured): boolean {
  return stance !== 'not measured';
}

function isBad({ example }: Measured): boolean {
  return example.label === 'bad';
}

/** Examples of the classes that destroy rows or values. */
function losses(all: readonly Measured[], lossy: 'silent' | undefined): readonly Measured[] {
  return all.filter(
    (one) =>
      isMeasured(one) &&
      one.example.lossy !== undefined &&
      (lossy === undefined || one.example.lossy === lossy),
  );
}

function countFailing(some: readonly Measured[]): number {
  return some.filter(({ stance }) => stance === 'warns').length;
}

/** What the server or a release said, or rows that are gone: no matter of opinion. */
const FACTS: ReadonlySet<string> = new Set([
  'runs-on-data',
  'rows-kept',
  'values-kept',
  'old-release-during',
  'old-release-after',
]);

/** A good example that fails, and nothing is there that anybody could call harm. */
function isAlarm({ stance, failed }: Measured): boolean {
  return stance === 'warns' && !failed.some((check) => FACTS.has(check));
}

export function agreementRows(corpora: readonly CorpusMeasured[]): readonly GuardRow[] {
  const all = corpora.flatMap(({ measured }) => measured);
  const destructive = losses(all, undefined);
  const silent = losses(all, 'silent');
  const good = all.filter((one) => isMeasured(one) && !isBad(one));
  return [
    shareAtLeast(
      'destructive and lossy examples that fail',
      countFailing(destructive),
      destructive.length,
      RECALL_PCT,
    ),
    shareAtLeast('silent losses that fail', countFailing(silent), silent.length, 100),
    shareAtMost(
      'good examples that fail by a limit alone: the server took them, no row was lost, no statement failed',
      good.filter(isAlarm).length,
      good.length,
      FALSE_ALARMS_PCT,
    ),
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return `${line(head)}${line(head.map(() => '---'))}${lines.map(line).join('')}`;
}

function counts({ name, measured }: CorpusMeasured): readonly string[] {
  const of = (label: 'bad' | 'good', warned: boolean): string =>
    String(
      measured.filter((one) => one.example.label === label && isMeasured(one) && warns(one) === warned)
        .length,
    );
  const open = measured.filter((one) => !isMeasured(one)).length;
  return [
    name,
    String(measured.length),
    of('bad', true),
    of('bad', false),
    of('good', true),
    of('good', false),
    String(open),
  ];
}

function overturned(corpora: readonly CorpusMeasured[]): readonly (readonly string[])[] {
  return corpora.flatMap(({ name, measured }) =>
    measured
      .filter((one) => isMeasured(one) && isBad(one) !== warns(one))
      .map(({ example, why, besides, on_rows_that_fit }) => [
        name,
        example.name,
        example.rule,
        example.label,
        `${on_rows_that_fit ? 'on rows that fit: ' : ''}${why}`,
        besides.length === 0 ? '' : besides.join(', '),
      ]),
  );
}

export function renderAgreement(
  corpora: readonly CorpusMeasured[],
  histories: readonly History[],
  { version, rows }: { readonly version: string; readonly rows: number },
): string {
  const figures = agreementRows(corpora).map(({ what, budget, measured, kept }) => [
    what,
    budget,
    measured,
    kept ? 'kept' : 'not kept',
  ]);
  const open = corpora.flatMap(({ name, measured }) => {
    const why = countBy(
      measured.filter((one) => !isMeasured(one)),
      (one) => one.why,
    );
    return why === '' ? [] : [`- ${name}: ${why}`];
  });
  const besides = corpora.flatMap(({ name, measured }) => {
    const good = measured.filter((one) => !isBad(one) && one.besides.length > 0);
    const why = countBy(
      good.flatMap((one) => one.besides),
      (check) => check,
    );
    return good.length === 0 ? [] : [`- ${name}: ${good.length} good examples, by ${why}`];
  });
  return `# The guard and the linters

Made by \`scripts/bench guard --only agreement --corpus DIR\`: each example was run on PostgreSQL ${version}, on ${rows.toLocaleString('en-GB')} rows made up for each table that it names,
with a release made from the schema at work, whose errors count. The label is the linter's; the guard's answer counts where a check failed or remarked that measures what the rule is about. A good example that NULLs or
duplicates stood in the way of was run again on rows without them.
The corpora are not part of this project; only names of rules and tests, and figures, are here.

${corpora.map(({ name, source }) => `- ${name}: ${source}`).join('\n')}

## Figures

${table(['what', 'limit', 'measured', ''], figures)}
## Agreement

${table(['corpus', 'examples', 'both warn', 'only the linter', 'only the guard', 'neither', 'not measured'], corpora.map(counts))}
Not measured:

${open.join('\n')}

Good examples that fail by something that their rule is not about (a column that is NOT NULL and has no default, on a table with rows, say):

${besides.join('\n')}

## Labels that measuring overturned

One line for each: what was measured in place of what the label says.

${table(['corpus', 'example', 'rule', 'label', 'measured', 'fails besides'], overturned(corpora))}
${histories.map(renderOfHistory).join('\n')}`;
}

function renderOfHistory({
  folder,
  commit,
  migrations,
  applied,
  seconds,
  failing,
  lint,
  lint_by_rule,
}: History): string {
  return `## A real history

${migrations} migrations of ${basename(dirname(folder))}, ${commit}, one after another, 200 rows made up for each table: ${applied} were applied on the rows that were there, in ${seconds.toFixed(0)} s. Failing checks: ${failing}.
Findings of squawk: ${lint}.

${table(
  ['rule of squawk', 'what measuring says'],
  lint_by_rule.map(({ rule, stances }) => [rule, stances]),
)}`;
}
