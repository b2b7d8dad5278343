import { type Verdict, standingOfRun } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { plain, table } from '../markdown/text.ts';
import {
  formatCount,
  formatDuration_ms,
  formatInstant,
  formatOffset_ms,
  NO_DATA,
  repeatCommand,
} from '../model/format.ts';
import {
  outageMs,
  type Recovery,
  recoveryOf,
  recoveryPointMs,
  recoveryTimeMs,
} from '../model/recovery/recovery.ts';
import { isPart, type RecoveryStep } from '../model/recovery/steps.ts';
import { METHOD_WORDS } from '../model/recovery/words.ts';
import { factsOf } from '../model/run-facts.ts';

/**
 * The steps that a recovery really took, as instructions for people: what is done, how long it took, by what one knows
 * that it is done. Undefined for a run that recovered from nothing.
 */
export function renderRunbook(timeline: Timeline, verdict: Verdict, meta: RunMeta): string | undefined {
  const facts = factsOf(timeline);
  const recovery = recoveryOf(facts);
  if (!recovery || recovery.steps.length === 0) return undefined;
  const acts = recovery.steps.filter((step) => isAct(step));
  const lines = [
    `# Runbook: the ${plain(recovery.expectation.loses)} is lost`,
    '',
    `These steps were taken in run ${plain(meta.run_id)} of ${formatInstant(meta.started_at)}, and the times are those of that run. ${trust(verdict)}`,
    '',
    ...expectLines(recovery),
    ...table(
      ['step', 'begins', 'takes'],
      recovery.steps.map((step) => [step.label, formatOffset_ms(step.from - facts.origin), tookText(step)]),
    ),
    '',
    'Steps that begin before the one above has ended run side by side: nobody has to wait between them.',
    '',
    ...(acts.length === 0 ? [] : ['## By hand', '']),
    ...acts.flatMap((step, index) => stepLines(step, index + 1)),
    ...waitLines(
      recovery.steps.filter((step) => !isAct(step)),
      facts.origin,
    ),
    ...afterLines(recovery),
    '## Rehearse it',
    '',
    ...fenced(repeatCommand(meta.scenario, facts.file, facts.seed), 'sh'),
  ];
  return `${lines.join('\n')}\n`;
}

/** Instructions of a run that did not hold its promise must not be taken for proven. */
function trust(verdict: Verdict): string {
  const standing = standingOfRun(verdict);
  return standing === 'pass'
    ? 'The run passed.'
    : `**The verdict of the run is ${standing.replace('-', ' ')}: read its report before you rely on this.**`;
}

function expectLines(recovery: Recovery): readonly string[] {
  const { lost, expectation, orders } = recovery;
  const total = recoveryTimeMs(recovery);
  const first = outageMs(recovery);
  const point = recoveryPointMs(recovery);
  const held = orders?.held;
  return [
    '## What to expect',
    '',
    `- Lost: ${plain(lost === undefined ? expectation.loses : `${lost.what} (${lost.how})`)}.`,
    `- Time until users are served: ${recovery.never.answered ? 'never' : formatDuration_ms(first)}; until all is steady: ${recovery.never.steady ? 'never' : formatDuration_ms(total)} (promised ${expectation.recovery_time_s} s).`,
    expectation.restores
      ? `- Data: restored by ${METHOD_WORDS[expectation.backup]}. Expect to lose what was accepted in the last ${expectation.recovery_point_s} s; in this run ${held ? `${formatCount(held.lost.length)} accepted orders were lost` : `nobody looked (${NO_DATA})`}${point === undefined || point === 0 ? '' : `, the oldest ${formatDuration_ms(point)} old`}.`
      : '- Data: the database is not restored from a backup.',
    ...toldLine(recovery),
    `- Release that serves afterwards: ${plain(expectation.under_way?.serves_after ?? expectation.release)}.`,
    '',
  ];
}

function toldLine({ told, lost }: Recovery): readonly string[] {
  if (told === undefined || lost === undefined) return [];
  const when =
    told.of_loss_at === undefined
      ? 'was never told'
      : `was told after ${formatDuration_ms(told.of_loss_at - lost.at)}`;
  return [`- Who is told: the chat off-site, by the watch beside the cluster; in this run it ${when}.`];
}

function tookText({ from, to, state }: RecoveryStep): string {
  if (to === undefined) return 'never ended';
  return `${formatDuration_ms(to - from)}${state === 'failed' ? ', failed' : ''}`;
}

/** Parts of the cluster come by themselves: what is said of them is how to look. */
function isAct({ id, by_hand }: RecoveryStep): boolean {
  return by_hand.length > 0 && !isPart(id);
}

/** A step that a person would take. */
function stepLines(step: RecoveryStep, number: number): readonly string[] {
  const { label, notes, by_hand } = step;
  return [
    `### ${number}. ${plain(label)}`,
    '',
    ...notes.slice(0, notes.length > 1 ? 1 : 0).flatMap((note) => [sentence(plain(note)), '']),
    ...by_hand.flatMap((text) => [...fenced(text), '']),
    `- Takes: ${tookText(step)}.`,
    ...(notes.length === 0 ? [] : [`- Seen at its end: ${sentence(plain(notes.at(-1) ?? ''), false)}`]),
    '',
  ];
}

/** What comes back without anybody's doing, in the order in which it came. */
function waitLines(steps: readonly RecoveryStep[], origin: number): readonly string[] {
  if (steps.length === 0) return [];
  const ordered = steps.toSorted(
    (left, right) => (left.to ?? Number.POSITIVE_INFINITY) - (right.to ?? Number.POSITIVE_INFINITY),
  );
  return [
    '## Then wait for',
    '',
    'Nothing is to be done by hand for these. What is much later than here is where to look first.',
    '',
    ...table(
      ['what', 'there after', 'seen', 'how to look'],
      ordered.map((step) => [
        step.label,
        step.to === undefined || step.state === 'failed' ? tookText(step) : formatOffset_ms(step.to - origin),
        step.notes.at(-1) ?? '',
        step.by_hand.join('; '),
      ]),
    ),
    '',
  ];
}

function afterLines({ orders, backups }: Recovery): readonly string[] {
  const refused = backups.filter(({ state }) => state === 'refused');
  const used = backups.findLast(({ state }) => state === 'restored');
  const lost = orders?.held?.lost ?? [];
  return [
    '## Afterwards',
    '',
    ...(used
      ? [`- The backup that was restored: ${plain(used.name)}, taken ${formatInstant(used.taken_at)}.`]
      : []),
    ...refused.map(
      ({ name, notes }) =>
        `- Backup ${plain(name)} was refused: ${sentence(plain(notes.join('; ')), false)} Find out why.`,
    ),
    lost.length === 0
      ? '- Compare what customers remember with what the database holds.'
      : `- Tell the customers of the ${formatCount(lost.length)} lost orders: their ids are in report.html.`,
    '- Keep the list of differences between the cluster before and after with the report.',
    '',
  ];
}

/** The text with a full stop; with a capital letter unless it goes on within a line. */
function sentence(text: string, begins = true): string {
  const begun = begins ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** A block of code that no text within can end. */
function fenced(text: string, language = ''): readonly string[] {
  const longest = (text.match(/`+/g) ?? []).reduce((length, run) => Math.max(length, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...text.split('\n').map((line) => line.trimEnd()), fence];
}
