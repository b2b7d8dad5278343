import type { Timeline } from '#harness/core/timeline.ts';
import { standingOf, standingOfRun, type Verdict } from '#harness/core/verdict.ts';
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
import { recoveryOf } from '../model/recovery/recovery.ts';
import { timeSplitOf } from '../model/split.ts';
import { factsOf } from '../model/run-facts.ts';
import { recoveryLines } from './recovery.ts';
import { SIGNS } from './signs.ts';
import { plain, table } from './text.ts';

/** The run for the summary page of a CI job: verdict, rules, time split and harm, short. */
export function renderMarkdown(timeline: Timeline, verdict: Verdict, meta: RunMeta): string {
  const facts = factsOf(timeline);
  const harm = harmOf(facts, answersOf(facts));
  const recovery = recoveryOf(facts);
  const { steps } = timeSplitOf(facts, harm);
  const lines = [
    `## ${SIGNS[standingOfRun(verdict)]}: ${plain(meta.scenario)}`,
    '',
    plain(meta.title),
    '',
    `**${plain(explain(verdict))}** (took ${formatDuration_ms(meta.ended_at - meta.started_at)})`,
    '',
    ...table(
      ['', 'rule', 'limit', 'measured', 'reason'],
      worstFirst(verdict).map((rule) => [
        SIGNS[standingOf(verdict, rule)],
        rule.rule,
        rule.limit,
        measuredOf(rule),
        rule.remark === undefined ? rule.reason : `${rule.reason} (${rule.remark})`,
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
    ...(recovery ? recoveryLines(recovery, facts.origin) : []),
    ...(recovery || steps.length === 0
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
