import type { Timeline } from '#harness/core/timeline.ts';
import type { Outcome, Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { answersOf } from '../model/answers.ts';
import {
  explain,
  formatCount,
  formatDuration_ms,
  formatOffset_ms,
  formatShare,
  measuredOf,
  NO_DATA,
  repeatCommand,
  worstFirst,
} from '../model/format.ts';
import { failedOf, harmOf } from '../model/harm.ts';
import { timeSplitOf } from '../model/split.ts';
import { factsOf } from '../model/run-facts.ts';

const SIGNS: Readonly<Record<Outcome, string>> = {
  pass: '\u2705 pass',
  fail: '\u274c fail',
  inconclusive: '\u2754 inconclusive',
};

/** The run for the summary page of a CI job: verdict, rules, time split and harm, short. */
export function renderMarkdown(timeline: Timeline, verdict: Verdict, meta: RunMeta): string {
  const facts = factsOf(timeline);
  const harm = harmOf(facts, answersOf(facts));
  const { steps } = timeSplitOf(facts, harm);
  const lines = [
    `## ${SIGNS[verdict.outcome]}: ${plain(meta.scenario)}`,
    '',
    plain(meta.title),
    '',
    `**${plain(explain(verdict))}** (took ${formatDuration_ms(meta.ended_at - meta.started_at)})`,
    '',
    ...table(
      ['', 'rule', 'limit', 'measured', 'reason'],
      worstFirst(verdict.rules).map((rule) => [
        SIGNS[rule.outcome],
        rule.rule,
        rule.limit,
        measuredOf(rule),
        rule.reason,
      ]),
    ),
    '',
    harm && !facts.spec
      ? `${formatCount(failedOf(harm))} of ${formatCount(harm.answers)} requests failed (${formatShare(failedOf(harm), harm.answers)}).`
      : harm
        ? `${formatCount(harm.bad_of_next)} bad answers of ${plain(facts.next_release ?? 'the new release')} among ${formatCount(harm.answers)} answers (${formatShare(harm.bad_of_next, harm.answers)}); ${formatCount(harm.bad_of_others + harm.no_answer)} lost otherwise.`
        : facts.timeline.of('load', 'started').length === 0 && !facts.spec
          ? 'This scenario sends no load.'
          : `Harm: ${NO_DATA}, no load was measured.`,
    '',
    ...(steps.length === 0
      ? []
      : [
          ...table(
            ['step', `from ${facts.origin_name}`],
            steps.map((step) => [
              step.label,
              step.at === undefined ? (step.absent ?? NO_DATA) : formatOffset_ms(step.at - facts.origin),
            ]),
          ),
          '',
        ]),
    '```sh',
    repeatCommand(meta.scenario, facts.file, facts.seed),
    '```',
  ];
  return `${lines.join('\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells, index) =>
    // The second line rules off the head: its dashes are markup, all else is text.
    index === 1 ? `| ${cells.join(' | ')} |` : `| ${cells.map(plain).join(' | ')} |`,
  );
}

/** Text from the run must stay text: no markup, no line breaks, no column of its own. */
function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|#~]/g, String.raw`\$&`);
}
